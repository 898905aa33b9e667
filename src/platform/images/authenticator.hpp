#pragma once
#include <map>
#include <set>
#include <string>

#include "net/http/client.hpp"
#include "platform/images/challenge.hpp"
#include "platform/images/credentials.hpp"
#include "platform/remote/retry.hpp"

namespace seance::images {

// What a request needs the right to: "repository:team/app:pull,push".
using Scopes = std::set<std::string>;

// Turns a registry's challenges into the Authorization of requests: nothing, Basic, or a bearer token from
// the token server that the registry names (deploy-apis.md section 3.2). Tokens are kept for each set of
// scopes and renewed before they end. Of one loop.
class Authenticator {
  public:
    Authenticator(http::Client& client, std::string host, Credentials credentials,
                  remote::RetryOptions retry);

    // The value for requests on these scopes, "" if none is needed as far as is known.
    Awaitable<Attempt<SecretText>> authorization(Scopes scopes);

    // After a 401: what to do next time. False if there is nothing that was not tried.
    bool learn(const http::Fields& answer, const Scopes& scopes);

    // For messages: who asks, and from where the credentials come.
    std::string who() const;

  private:
    struct Token {
        SecretText value;
        Instant renew_at;
    };
    enum class Scheme { None, Basic, Bearer };

    Awaitable<Attempt<Token>> fetch(const Scopes& scopes);
    Attempt<http::Url> realm_url() const;

    http::Client& client_;
    std::string host_;
    Credentials credentials_;
    remote::RetryOptions retry_;
    Scheme scheme_ = Scheme::None;
    std::string realm_, service_;
    Scopes demanded_;  // what challenges asked for beyond what we knew
    std::map<Scopes, Token> tokens_;
};

// True for hosts that are this machine: plain HTTP is accepted there alone.
bool is_loopback(std::string_view host);

// How long a token from the answer's expires_in may be used; 60 s if it does not say. Ends early, so that no
// request leaves with a token that ends on its way.
Duration usable_time(std::optional<std::int64_t> expires_in);

}  // namespace seance::images
