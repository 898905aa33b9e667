#pragma once
#include <string>

#include "platform/images/authenticator.hpp"
#include "platform/images/registry_errors.hpp"
#include "platform/images/transfer.hpp"

namespace seance::images {

struct RegistryRequest {
    std::string method = "GET";
    http::Url url;
    http::Fields fields = {};
    std::string_view body = {};  // good until the answer
    std::function<void(std::uint64_t)> on_sent = {};
    Scopes scopes = {};
    std::string doing = {};  // for messages: "pushing docker.io/a/b:1"
    bool retried = true;     // after a pause, when the registry is busy or a connection breaks
};

// Requests to one registry: authenticates them, repeats what may pass, follows redirects. A redirect or an
// upload's Location on another host is asked without the registry's credentials. Of one loop.
class RegistryRequests {
  public:
    RegistryRequests(http::Client& client, http::Origin origin, std::string host, Credentials credentials,
                     remote::RetryOptions retry);

    http::Url url(std::string target) const { return {origin_, std::move(target)}; }

    // Any answer that will not get better by asking again, whatever its status.
    Awaitable<Attempt<http::WholeResponse>> send(RegistryRequest request);

    // Where an answer's Location or Link sends to; the first answer's URL is `base`.
    Attempt<http::Url> resolve(const http::Url& base, std::string_view location,
                               std::string_view doing) const;

    Failure explain(const http::WholeResponse& answer, std::string_view doing) const {
        return images::explain(answer, doing, host_, authenticator_.who());
    }
    Failure nonsense(std::string_view doing, std::string_view finding) const;
    const remote::RetryOptions& retry() const { return retry_; }

  private:
    Awaitable<Attempt<Outgoing>> prepare(const RegistryRequest& request, const http::Url& url);
    Awaitable<Attempt<http::WholeResponse>> send_once(const RegistryRequest& request);

    http::Client& client_;
    http::Origin origin_;
    std::string host_;  // as people write it
    remote::RetryOptions retry_;
    Authenticator authenticator_;
};

}  // namespace seance::images
