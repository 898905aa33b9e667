#pragma once
#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/http/client.hpp"
#include "platform/remote/retry.hpp"
#include "platform/targets/railway/answer.hpp"
#include "platform/targets/railway/credential.hpp"
#include "platform/targets/railway/documents.hpp"

namespace seance::railway {

using remote::Failure;
using remote::FailureKind;
using remote::Idempotent;
template <class T>
using Reply = remote::Reply<T>;

struct GraphqlOptions {
    std::string endpoint = "https://backboard.railway.com/graphql/v2";  // SEANCE_RAILWAY_URL
    std::string ca_file;                                                // "" = the system's certificates
    Duration timeout = std::chrono::seconds(90);  // of one try: copying environments takes long
    remote::RetryOptions retry;
};

// One GraphQL call.
struct Call {
    Call() = default;  // no aggregate: g++ 12 destroys those twice in a co_await expression
    Document document;
    boost::json::object variables;
    Idempotent idempotent = Idempotent::Yes;
    std::vector<SecretText> hidden;  // replaced by «hidden» where an error message repeats them
};

// GraphQL over HTTP with one credential, on one loop. Tries again what may be tried again; what it cannot
// know it reports as FailureKind::Unreachable.
class Graphql {
  public:
    // Throws std::invalid_argument if the endpoint is no URL, std::runtime_error if ca_file cannot be read.
    Graphql(Loop& loop, Credential credential, GraphqlOptions options = {});
    ~Graphql();

    // The `data` of the answer.
    Awaitable<Reply<boost::json::object>> send(Call call);
    // The same once, without another try, with the token in the header of `kind`: for finding out its kind.
    Awaitable<Reply<boost::json::object>> send_as(TokenKind kind, Call call);

    Loop& loop() const;
    const Credential& credential() const;
    const GraphqlOptions& options() const;
    // From now on in this header, after a probe has found it so.
    void set_kind(TokenKind kind);
    const RateLimit& rate_limit() const;  // as the last answer told it

    // For the WebSocket of subscriptions: the URL with ws or wss, and the credential's and our own headers.
    std::string websocket_url() const;
    http::Fields identity() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace seance::railway
