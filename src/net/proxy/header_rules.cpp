#include "net/proxy/header_rules.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace seance::proxy {
namespace {

constexpr std::size_t kMostTrustedHops = 10;

bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && iequals(a, b);
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& one) { return same(one, name); });
}

// The proxy sets these itself, or they speak of a hop that ends here.
bool is_replaced_in_requests(std::string_view name) {
    switch (name.size()) {
        case 4:
            return same(name, "host");
        case 6:
            return same(name, "expect");  // answered by our own server
        case 9:
            return same(name, "forwarded") || same(name, "x-real-ip");
        case 12:
            return same(name, "x-request-id");
        case 14:
            return same(name, "content-length");
        case 15:
            return same(name, "x-forwarded-for");
        case 16:
            return same(name, "x-forwarded-host");
        case 17:
            return same(name, "x-forwarded-proto");
        default:
            return false;
    }
}

bool is_replaced_in_responses(std::string_view name) {
    switch (name.size()) {
        case 4:
            return same(name, "date");
        case 12:
            return same(name, "x-request-id");
        case 14:
            return same(name, "content-length");
        default:
            return false;
    }
}

// What a message's Connection fields name; usually nothing but "keep-alive", which is dropped anyway.
std::vector<std::string_view> connection_options(const http::FieldViews& fields) {
    std::vector<std::string_view> options;
    for (const auto& field : fields.all()) {
        if (!same(field.name, "connection")) continue;
        for (auto option : split(field.value, ','))
            if (auto name = trim(option); !name.empty() && !is_hop_by_hop(name) && !same(name, "close"))
                options.push_back(name);
    }
    return options;
}

bool named(const std::vector<std::string_view>& options, std::string_view name) {
    return std::any_of(options.begin(), options.end(),
                       [&](std::string_view option) { return same(option, name); });
}

void line(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

// Calls `pass(name, value)` for each field of a response that goes on to the client.
template <class Pass>
void each_response_field(const http::ResponseHead& head, const HeaderRules& rules, Pass pass) {
    auto options = connection_options(head.fields);
    for (const auto& field : head.fields.all()) {
        if (is_hop_by_hop(field.name) || is_replaced_in_responses(field.name) || named(options, field.name) ||
            contains(rules.drop_response, field.name))
            continue;
        pass(field.name, field.value);
    }
    if (!rules.via.empty()) pass(std::string_view("Via"), std::string_view("1.1 " + rules.via));
}

void status_line(std::string& out, const http::ResponseHead& head) {
    out.assign("HTTP/1.1 ").append(std::to_string(head.status)).append(" ");
    out.append(head.reason.empty() ? http::reason_phrase(head.status) : head.reason).append("\r\n");
}

}  // namespace

bool is_hop_by_hop(std::string_view name) {
    switch (name.size()) {
        case 2:
            return same(name, "te");
        case 7:
            return same(name, "trailer") || same(name, "upgrade");
        case 10:
            return same(name, "connection") || same(name, "keep-alive");
        case 16:
            return same(name, "proxy-connection");
        case 17:
            return same(name, "transfer-encoding");
        case 18:
            return same(name, "proxy-authenticate");
        case 19:
            return same(name, "proxy-authorization");
        default:
            return false;
    }
}

std::string kept_cookies(std::string_view value, const std::vector<std::string>& prefixes) {
    std::string kept;
    for (auto part : split(value, ';')) {
        auto cookie = trim(part);
        bool wanted = std::any_of(prefixes.begin(), prefixes.end(),
                                  [&](const std::string& prefix) { return cookie.starts_with(prefix); });
        if (cookie.empty() || !wanted) continue;
        if (!kept.empty()) kept += "; ";
        kept += cookie;
    }
    return kept;
}

bool is_loop(const http::RequestHead& head, const ClientIdentity& identity, const HeaderRules& rules) {
    if (identity.hops > kMostTrustedHops) return true;
    if (rules.via.empty()) return false;
    for (const auto& field : head.fields.all()) {
        if (!same(field.name, "via")) continue;
        for (auto entry : split(field.value, ',')) {
            // "1.1 name (comment)"
            auto parts = split(trim(entry), ' ');
            if (parts.size() >= 2 && same(parts[1], rules.via)) return true;
        }
    }
    return false;
}

void write_request_head(std::string& out, const OutgoingRequest& request, const HeaderRules& rules) {
    const auto& head = request.head;
    out.assign(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\n");
    line(out, "Host", rules.keep_host ? head.authority : request.authority);
    auto options = connection_options(head.fields);
    bool trusted = request.identity.peer_trusted;
    for (const auto& field : head.fields.all()) {
        auto name = field.name;
        if (is_hop_by_hop(name) || is_replaced_in_requests(name) || named(options, name) ||
            contains(rules.drop_request, name))
            continue;
        if (std::any_of(rules.add_request.begin(), rules.add_request.end(),
                        [&](const auto& own) { return same(own.first, name); }))
            continue;
        if (rules.cookie_prefixes && same(name, "cookie")) {
            auto kept = rules.cookie_prefixes->empty() ? std::string()
                                                       : kept_cookies(field.value, *rules.cookie_prefixes);
            if (!kept.empty()) line(out, name, kept);
            continue;
        }
        line(out, name, field.value);
    }
    line(out, "X-Forwarded-For", request.identity.forwarded_for);
    line(out, "X-Real-IP", request.identity.client);
    auto proto = trusted ? head.fields.get("x-forwarded-proto") : std::string_view{};
    line(out, "X-Forwarded-Proto",
         proto == "http" || proto == "https" ? proto : std::string_view(rules.scheme));
    auto host = trusted ? head.fields.get("x-forwarded-host") : std::string_view{};
    if (host.empty()) host = head.authority;
    if (!host.empty()) line(out, "X-Forwarded-Host", host);
    if (trusted)
        for (const auto& field : head.fields.all())
            if (same(field.name, "forwarded")) line(out, field.name, field.value);
    line(out, "X-Request-Id", request.request_id);
    if (!rules.via.empty()) out.append("Via: 1.1 ").append(rules.via).append("\r\n");
    for (const auto& [name, value] : rules.add_request) line(out, name, value);
    if (request.upgrade)
        out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    else if (request.content_length)
        out.append("Content-Length: ").append(std::to_string(*request.content_length)).append("\r\n");
    else if (request.chunked)
        out.append("Transfer-Encoding: chunked\r\n");
    out.append("\r\n");
}

void write_response_head(std::string& out, const http::ResponseHead& head, const HeaderRules& rules) {
    status_line(out, head);
    each_response_field(head, rules,
                        [&](std::string_view name, std::string_view value) { line(out, name, value); });
}

http::Fields response_fields(const http::ResponseHead& head, const HeaderRules& rules) {
    http::Fields fields;
    each_response_field(head, rules,
                        [&](std::string_view name, std::string_view value) { fields.add(name, value); });
    return fields;
}

void write_switching_head(std::string& out, const http::ResponseHead& head, const HeaderRules& rules,
                          std::string_view request_id) {
    write_response_head(out, head, rules);
    if (!request_id.empty()) line(out, "X-Request-Id", request_id);
    out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
}

}  // namespace seance::proxy
