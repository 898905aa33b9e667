#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http/message.hpp"
#include "net/proxy/trusted_client.hpp"

namespace seance::proxy {

// Which fields pass a proxy, as data (reference/edge.md 1.5, 2.3). Names compare without case.
struct HeaderRules {
    bool keep_host = false;       // the client's Host goes on; else the upstream's name
    std::string via;              // our name in Via, and the guard against loops; "" = no Via
    std::string scheme = "http";  // of our listener, for X-Forwarded-Proto
    std::vector<std::string> drop_request, drop_response;
    // Nothing: cookies pass. Else only those whose name begins with one of these do.
    std::optional<std::vector<std::string>> cookie_prefixes;
    std::vector<std::pair<std::string, std::string>> add_request;  // replace the client's fields of that name
};

// What a head is built for, beside the fields that came in.
struct OutgoingRequest {
    const http::RequestHead& head;
    std::string_view authority;  // of the upstream
    const ClientIdentity& identity;
    std::string_view request_id;
    std::optional<std::uint64_t> content_length;  // of a body of known length
    bool chunked = false;
    bool upgrade = false;  // a WebSocket handshake goes through
};

// Replaces `out` with the head that goes to the upstream.
void write_request_head(std::string& out, const OutgoingRequest& request, const HeaderRules& rules);

// Replaces `out` with status line and fields for http::PreparedResponse: without Date, Connection,
// X-Request-Id and framing, which the server and the caller add.
void write_response_head(std::string& out, const http::ResponseHead& head, const HeaderRules& rules);
http::Fields response_fields(const http::ResponseHead& head, const HeaderRules& rules);

// The status line and fields of a 101, whole, with the upgrade restored.
void write_switching_head(std::string& out, const http::ResponseHead& head, const HeaderRules& rules,
                          std::string_view request_id);

// True if the request has passed us before, or too many trusted hops: 508.
bool is_loop(const http::RequestHead& head, const ClientIdentity& identity, const HeaderRules& rules);

bool is_hop_by_hop(std::string_view name);

// "ph_x=1; session=2" with prefixes {"ph_"} → "ph_x=1".
std::string kept_cookies(std::string_view value, const std::vector<std::string>& prefixes);

}  // namespace seance::proxy
