#pragma once
#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/reader.hpp"
#include "net/http/message.hpp"

namespace seance::proxy {

// A list of address ranges, such as "10.0.0.0/8" and "fc00::/7".
class Networks {
  public:
    static Outcome<Networks> parse(const std::vector<std::string>& ranges);
    static const Networks& private_ranges();  // loopback, 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7

    bool contains(const boost::asio::ip::address& address) const;

    // The setting TRUSTED_PEERS over what `networks` holds; problems are kept by the reader.
    static void read(config::Reader& read, std::string_view about, Networks& networks);

  private:
    struct Range {
        boost::asio::ip::address_v6::bytes_type bytes;  // IPv4 as IPv4-mapped IPv6
        int prefix;
    };
    std::vector<Range> ranges_;
};

// Who the client is (reference/edge.md 1.6), and what the upstream is told.
struct ClientIdentity {
    std::string client;         // an address as text; IPv4-mapped IPv6 as IPv4, no port, no brackets
    std::string forwarded_for;  // the client, the trusted hops that followed it, the peer
    bool peer_trusted = false;  // its other forwarding fields may be believed
    std::size_t hops = 0;       // entries of X-Forwarded-For that trusted peers set
};
ClientIdentity identify_client(std::string_view peer, const http::FieldViews& fields,
                               const Networks& trusted);

// "1.2.3.4:80", "[::1]:80", "::ffff:1.2.3.4" → an address; nothing if it is not one.
std::optional<boost::asio::ip::address> parse_hop(std::string_view text);

// "203.0.113.77" → "203.0.113.0/24", IPv6 to /48; other text → "".
std::string mask_address(std::string_view address);

}  // namespace seance::proxy
