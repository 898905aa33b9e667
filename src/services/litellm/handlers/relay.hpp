#pragma once
#include <string>

#include "services/litellm/domain/dialogue.hpp"
#include "services/litellm/handlers/call_scope.hpp"
#include "services/litellm/handlers/gateway.hpp"

namespace seance::litellm {

// An upstream that has answered with a success, as far as its head.
struct OpenUpstream {
    http::ResponseStream stream;
    http::Fields fields;
};

// Sends a call and waits for the head, within the scope's time: sets `open`, or says why not. An error status
// is read to its end and becomes the error that `dialogue` reads in it. The call is gone once it is sent.
Awaitable<Failure> open_upstream(Gateway& gateway, std::shared_ptr<CallScope> scope,
                                 std::unique_ptr<UpstreamCall> call, const Dialogue& dialogue,
                                 const Provider& provider, Duration limit, std::optional<OpenUpstream>& open);

// The rest of the body, up to `most` bytes.
Awaitable<Answer<std::string>> read_rest(std::shared_ptr<CallScope> scope, http::ResponseStream& stream,
                                         const Provider& provider, Duration limit, std::uint64_t most);

// The fields of an answer that is a stream of events.
void make_stream(http::Fields& fields);

// What to say of an upstream that went away or never came.
ApiError lost_upstream(const CallScope& scope, const Provider& provider, Duration limit,
                       const error_code& error);

// As upstreams ask for patience: seconds or a date, up to an hour from now.
std::optional<Duration> parse_retry_after(std::string_view text, std::chrono::system_clock::time_point now);

}  // namespace seance::litellm
