#pragma once
#include <map>
#include <memory>
#include <string>

#include "net/http/client.hpp"
#include "services/litellm/config/config.hpp"

namespace seance::litellm {

// The HTTP clients of one loop, one for each way of connecting: connections are shared only by deployments
// that ask the same of certificates.
class UpstreamClients {
  public:
    explicit UpstreamClients(Loop& loop) : loop_(loop) {}

    std::shared_ptr<http::Client> of(const UpstreamLink& link);
    // Drops the clients that no deployment of this configuration needs; calls under way end as they are.
    void keep_only(const Config& config);

  private:
    Loop& loop_;
    std::map<std::string, std::shared_ptr<http::Client>, std::less<>> clients_;  // by the link's id
};

// What a CallScope waits for: the last argument stays empty if it is cut short.
Awaitable<void> open_into(std::shared_ptr<http::Client> client, const http::Origin& origin,
                          const http::Request& request, std::optional<Result<http::ResponseStream>>& opened);
Awaitable<void> connect_into(std::shared_ptr<http::Client> client, const http::Origin& origin,
                             std::optional<Result<http::ClientExchange>>& connected);
Awaitable<void> send_into(std::shared_ptr<http::Client> client, const http::Origin& origin,
                          const http::Request& request, std::uint64_t most,
                          std::optional<Result<http::WholeResponse>>& answer);

}  // namespace seance::litellm
