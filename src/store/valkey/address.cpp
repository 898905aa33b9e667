#include "store/valkey/address.hpp"

#include <fmt/format.h>

#include <boost/url.hpp>

#include "core/base/text.hpp"

namespace seance::valkey {

std::string Address::printed() const {
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                               : fmt::format("[{}]:{}", host, port);
}

Outcome<Address> parse_address(std::string_view url) {
    if (url.find("://") == std::string_view::npos)
        return Problem{"the Valkey URL has no scheme; write redis:// in front, or rediss:// for TLS"};
    auto parsed = boost::urls::parse_uri(url);
    if (!parsed)
        return Problem{"the Valkey URL is not a URL; write redis://[user:password@]host[:port][/database]"};
    auto scheme = lower(parsed->scheme());
    const bool tls = scheme == "rediss" || scheme == "valkeys";
    if (!tls && scheme != "redis" && scheme != "valkey")
        return Problem{
            fmt::format("the Valkey URL begins with {}://; write redis://, or rediss:// for TLS", scheme)};
    if (parsed->host().empty()) return Problem{"the Valkey URL names no host; write redis://host:port"};
    if (parsed->has_query() || parsed->has_fragment())
        return Problem{"the Valkey URL has a query or fragment, which means nothing here; remove it"};

    Address address;
    address.tls = tls;
    address.host = parsed->host_address();
    if (parsed->has_port() && !parsed->port().empty()) {
        auto port = parse_number(std::string_view(parsed->port()));
        if (!port || *port == 0 || *port > 65535)
            return Problem{"the port in the Valkey URL is not between 1 and 65535"};
        address.port = static_cast<std::uint16_t>(*port);
    }
    address.user = parsed->user();
    if (address.user == "default") address.user.clear();
    address.password = SecretText(parsed->password());
    if (!address.user.empty() && address.password.empty())
        return Problem{"the Valkey URL names a user without a password; write redis://user:password@host"};
    auto path = parsed->path();
    if (path.size() > 1) {
        auto database = parse_number(std::string_view(path).substr(1));
        if (!database || *database > 65535)
            return Problem{"the path of the Valkey URL must be a database number, such as /0"};
        address.database = static_cast<std::uint32_t>(*database);
    }
    return address;
}

std::optional<Address> read_address(config::Reader& read, const char* name, const config::About& about) {
    SecretText url;
    read(url, name, about);
    if (url.empty()) return std::nullopt;
    auto address = parse_address(url.reveal());
    if (address) return std::move(*address);
    read.problem(fmt::format("{}: {}", name, address.error().what));
    return std::nullopt;
}

}  // namespace seance::valkey
