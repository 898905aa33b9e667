#include "services/litellm/handlers/upstream_clients.hpp"

#include <algorithm>

namespace seance::litellm {
namespace {

http::ClientOptions client_options(const UpstreamLink& link) {
    http::ClientOptions options;
    // How long a model may think is decided per call.
    options.head_timeout = options.body_timeout = std::chrono::hours(48);
    // How many calls there may be is decided by limits of keys and deployments.
    options.max_in_use = 50'000;
    options.max_idle = 1024;
    options.ca_certificates = link.certificates;
    options.verify_certificates = link.verify;
    options.ipv4_only = link.ipv4_only;
    return options;
}

}  // namespace

std::shared_ptr<http::Client> UpstreamClients::of(const UpstreamLink& link) {
    auto& client = clients_[link.id];
    if (!client) client = std::make_shared<http::Client>(loop_, client_options(link));
    return client;
}

void UpstreamClients::keep_only(const Config& config) {
    std::erase_if(clients_, [&](const auto& client) {
        auto is_its = [&](const SharedLink& link) { return link && link->id == client.first; };
        return !is_its(config.link) && std::none_of(config.deployments.begin(), config.deployments.end(),
                                                    [&](auto& one) { return is_its(one->link); });
    });
}

Awaitable<void> open_into(std::shared_ptr<http::Client> client, const http::Origin& origin,
                          const http::Request& request, std::optional<Result<http::ResponseStream>>& opened) {
    opened.emplace(co_await client->open(origin, request));
}

Awaitable<void> connect_into(std::shared_ptr<http::Client> client, const http::Origin& origin,
                             std::optional<Result<http::ClientExchange>>& connected) {
    connected.emplace(co_await client->connect(origin));
}

Awaitable<void> send_into(std::shared_ptr<http::Client> client, const http::Origin& origin,
                          const http::Request& request, std::uint64_t most,
                          std::optional<Result<http::WholeResponse>>& answer) {
    answer.emplace(co_await client->send(origin, request, most));
}

}  // namespace seance::litellm
