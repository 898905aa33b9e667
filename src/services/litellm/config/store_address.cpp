#include "services/litellm/config/store_address.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {
namespace {

constexpr std::uint64_t kUsualPort = 6379;

void read_login(valkey::Address& address, const AddressPart& value) {
    address.user = value("username");
    address.password = SecretText(value("password"));
    auto ssl = lower(value("ssl"));
    address.tls = ssl == "true" || ssl == "1";
}

std::uint64_t read_count(const AddressPart& value, const char* part, std::uint64_t otherwise,
                         std::uint64_t most, const std::string& from, Notes& notes) {
    auto text = value(part);
    if (text.empty()) return otherwise;
    auto parsed = parse_number(text);
    if (parsed && *parsed <= most) return *parsed;
    notes.errors.push_back(fmt::format("{}: {} is \"{}\"; write a number up to {}", from, part, text, most));
    return otherwise;
}

// The port may be written as a text, as LiteLLM's documentation does.
std::optional<std::uint16_t> port_of(const JsonValue& node) {
    auto value = json_find(node, "port");
    if (!value || value->is(JsonKind::Null)) return kUsualPort;
    auto parsed = parse_number(json_text(value).value_or(std::string(value->text)));
    if (!parsed || *parsed == 0 || *parsed > UINT16_MAX) return std::nullopt;
    return static_cast<std::uint16_t>(*parsed);
}

}  // namespace

std::vector<valkey::Address> StoreAddress::nodes() const {
    std::vector<valkey::Address> all{server};
    all.insert(all.end(), others.begin(), others.end());
    return all;
}

std::optional<StoreAddress> read_store_address(const AddressPart& value, const std::string& from,
                                               Notes& notes) {
    StoreAddress read;
    if (auto url = value("url"); !url.empty()) {
        auto address = valkey::parse_address(url);
        if (!address) {
            notes.errors.push_back(
                fmt::format("{}: {}; there is no Valkey then", from, address.error().what));
            return std::nullopt;
        }
        read.server = std::move(*address);
        return read;
    }
    auto& server = read.server;
    server.host = value("host");
    if (server.host.empty()) return std::nullopt;
    server.port = static_cast<std::uint16_t>(read_count(value, "port", kUsualPort, UINT16_MAX, from, notes));
    server.database = static_cast<std::uint32_t>(read_count(value, "db", 0, 1'000'000, from, notes));
    read_login(server, value);
    return read;
}

std::optional<StoreAddress> read_cluster_address(const std::string& nodes, const AddressPart& value,
                                                 const std::string& from, Notes& notes) {
    std::vector<valkey::Address> named;
    auto root = parse_json(nodes);
    bool good = root && root->is(JsonKind::Array);
    for (auto& node : good ? json_elements(*root) : std::vector<JsonValue>{}) {
        auto host = node.is(JsonKind::Object) ? json_text(json_find(node, "host")) : std::nullopt;
        auto port = node.is(JsonKind::Object) ? port_of(node) : std::nullopt;
        good = good && host && !host->empty() && port;
        if (!good) break;
        valkey::Address address;
        address.host = *host;
        address.port = *port;
        read_login(address, value);
        named.push_back(std::move(address));
    }
    if (!good || named.empty()) {
        notes.errors.push_back(
            fmt::format("{} is no list of a cluster's nodes; write [{{\"host\": "
                        "\"10.0.0.1\", \"port\": 6379}}, …]; there is no Valkey then",
                        from));
        return std::nullopt;
    }
    if (auto database = value("db"); !database.empty() && database != "0")
        notes.warnings.push_back(fmt::format(
            "{} names a cluster, which has one database: the number {} has no effect", from, database));
    StoreAddress read;
    read.cluster = true;
    read.server = std::move(named.front());
    read.others.assign(std::make_move_iterator(named.begin() + 1), std::make_move_iterator(named.end()));
    return read;
}

}  // namespace seance::litellm
