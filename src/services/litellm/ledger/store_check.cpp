#include "services/litellm/ledger/store_check.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "store/valkey/client.hpp"

namespace seance::litellm {
namespace {

constexpr Duration kPatience = std::chrono::seconds(1);  // to connect, and to hear the answer

Awaitable<void> ask(Loop& loop, const valkey::Address& address, std::optional<bool>& is_cluster) {
    valkey::ClientOptions options;
    options.connect_timeout = options.command_timeout = kPatience;
    valkey::Client client(loop, address, options);
    auto reply = co_await client.command("INFO", "cluster");
    if (reply && reply->text.find("cluster_enabled:1") != std::string::npos) is_cluster = true;
    if (reply && reply->text.find("cluster_enabled:0") != std::string::npos) is_cluster = false;
    loop.stop();
}

// `nodes_setting`, `url_setting`: what names a cluster, and a server.
std::optional<Problem> check(const StoreAddress& address, std::string_view nodes_setting,
                             std::string_view url_setting) {
    for (auto& node : address.nodes()) {
        std::optional<bool> is_cluster;
        Loop loop;
        asio::co_spawn(loop.executor(), ask(loop, node, is_cluster), asio::detached);
        loop.run();
        if (!is_cluster) continue;
        if (*is_cluster && !address.cluster)
            return Problem{fmt::format(
                "Valkey at {} is a node of a cluster, of which the address of one server is not enough; name "
                "nodes with {}, such as [{{\"host\": \"{}\", \"port\": {}}}], in place of {}",
                node.printed(), nodes_setting, node.host, node.port, url_setting)};
        if (!*is_cluster && address.cluster)
            return Problem{
                fmt::format("Valkey at {} is no node of a cluster; name it with {}, in place of {}",
                            node.printed(), url_setting, nodes_setting)};
        break;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Problem> check_stores(const LedgerConfig& config) {
    if (config.server)
        if (auto problem = check(*config.server, "REDIS_CLUSTER_NODES", "REDIS_URL or REDIS_HOST"))
            return problem;
    auto& cache = config.cache;
    if (!cache.enabled || !cache.in_valkey || !cache.server) return std::nullopt;
    if (config.server && cache.server->server.printed() == config.server->server.printed())
        return std::nullopt;
    return check(*cache.server, "cache_params.redis_startup_nodes", "cache_params.url or host");
}

}  // namespace seance::litellm
