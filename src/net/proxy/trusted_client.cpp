#include "net/proxy/trusted_client.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace seance::proxy {
namespace {

namespace ip = boost::asio::ip;

ip::address_v6::bytes_type widened(const ip::address& address) {
    if (address.is_v6()) return address.to_v6().to_bytes();
    return ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes();
}

ip::address unmapped(const ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    return address;
}

std::optional<ip::address> parse_address(std::string_view text) {
    if (text.empty() || text.size() > 45 || text.find('%') != std::string_view::npos) return std::nullopt;
    boost::system::error_code error;
    auto address = ip::make_address(std::string(text), error);
    if (error) return std::nullopt;
    return unmapped(address);
}

// The entries of all occurrences of a list field, joined in order.
std::vector<std::string_view> entries_of(std::string_view name, const http::FieldViews& fields) {
    std::vector<std::string_view> entries;
    for (const auto& field : fields.all()) {
        if (field.name.size() != name.size() || !iequals(field.name, name)) continue;
        for (auto part : split(field.value, ',')) entries.push_back(trim(part));
    }
    return entries;
}

}  // namespace

Outcome<Networks> Networks::parse(const std::vector<std::string>& ranges) {
    Networks networks;
    for (const auto& range : ranges) {
        auto slash = range.find('/');
        auto address = parse_address(std::string_view(range).substr(0, slash));
        int most = address && address->is_v4() ? 32 : 128;
        auto prefix = slash == std::string::npos
                          ? static_cast<std::uint64_t>(most)
                          : parse_number(std::string_view(range).substr(slash + 1)).value_or(999);
        if (!address || prefix > static_cast<std::uint64_t>(most))
            return Problem{"\"" + range + "\" is not an address range; write it as 10.0.0.0/8 or fc00::/7"};
        int bits = static_cast<int>(prefix) + (address->is_v4() ? 96 : 0);
        networks.ranges_.push_back({widened(*address), bits});
    }
    return networks;
}

const Networks& Networks::private_ranges() {
    static const Networks networks = parse({"127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12",
                                            "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"})
                                         .value();
    return networks;
}

void Networks::read(config::Reader& read, std::string_view about, Networks& networks) {
    std::vector<std::string> ranges;
    read(ranges, "TRUSTED_PEERS", {.about = about});
    if (ranges.empty()) return;
    if (auto parsed = parse(ranges))
        networks = *parsed;
    else
        read.problem("TRUSTED_PEERS: " + parsed.error().what);
}

bool Networks::contains(const ip::address& address) const {
    auto bytes = widened(address);
    return std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& range) {
        auto whole = static_cast<std::size_t>(range.prefix / 8);
        int rest = range.prefix % 8;
        if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                        range.bytes.begin()))
            return false;
        return rest == 0 || (bytes[whole] >> (8 - rest)) == (range.bytes[whole] >> (8 - rest));
    });
}

std::optional<ip::address> parse_hop(std::string_view text) {
    text = trim(text);
    if (text.starts_with('[')) {
        auto end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        auto port = text.substr(end + 1);
        if (!port.empty() && (port[0] != ':' || !parse_number(port.substr(1)))) return std::nullopt;
        return parse_address(text.substr(1, end - 1));
    }
    auto colon = text.find(':');
    if (colon != std::string_view::npos && colon == text.rfind(':')) {
        if (!parse_number(text.substr(colon + 1))) return std::nullopt;
        text = text.substr(0, colon);
    }
    return parse_address(text);
}

ClientIdentity identify_client(std::string_view peer, const http::FieldViews& fields,
                               const Networks& trusted) {
    ClientIdentity identity;
    auto peer_address = parse_hop(peer);
    identity.peer_trusted = peer_address && trusted.contains(*peer_address);
    std::string peer_text = peer_address ? peer_address->to_string() : std::string(peer);
    identity.client = identity.forwarded_for = peer_text;
    if (!identity.peer_trusted) return identity;

    std::vector<ip::address> hops;  // trusted ones, from the right
    std::optional<ip::address> client, seen;
    bool unparsable = false;
    auto entries = entries_of("x-forwarded-for", fields);
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
        auto address = parse_hop(*entry);
        if (!address) {
            unparsable = true;
            break;
        }
        seen = address;
        if (!trusted.contains(*address)) {
            client = address;
            break;
        }
        hops.push_back(*address);
    }
    identity.hops = hops.size();
    if (!client && unparsable && seen) {
        client = seen;  // the last one before the entry that nobody can read; it is no hop then
        hops.pop_back();
    }
    auto real = entries_of("x-real-ip", fields);
    if (real.size() == 1)
        if (auto address = parse_hop(real[0])) client = address;
    if (!client) return identity;

    identity.client = client->to_string();
    identity.forwarded_for = identity.client;
    for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop)
        if (*hop != *client) identity.forwarded_for.append(", ").append(hop->to_string());
    if (*client != *peer_address) identity.forwarded_for.append(", ").append(peer_text);
    return identity;
}

std::string mask_address(std::string_view text) {
    auto address = parse_hop(text);
    if (!address) return {};
    if (address->is_v4())
        return ip::make_address_v4(address->to_v4().to_uint() & 0xffffff00u).to_string() + "/24";
    auto bytes = address->to_v6().to_bytes();
    std::fill(bytes.begin() + 6, bytes.end(), static_cast<unsigned char>(0));
    return ip::make_address_v6(bytes).to_string() + "/48";
}

}  // namespace seance::proxy
