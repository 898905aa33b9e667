#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/litellm/domain/chat_stream.hpp"
#include "services/litellm/domain/sse.hpp"
#include "services/litellm/handlers/relay.hpp"

namespace seance::litellm {

// One call of /chat/completions from its parsed request to its last byte: chooses deployments, tries again
// where that may help, and relays the answer whole or as a stream. Lives in its handler's frame.
class ChatCall {
  public:
    ChatCall(Gateway& gateway, http::Exchange& exchange, ChatRequest request,
             std::shared_ptr<const ModelTable> models);
    Awaitable<void> run();

  private:
    struct Attempt;
    // Nothing once the client has its answer (or is gone); else why this attempt failed.
    using Failure = std::optional<ApiError>;

    Awaitable<Failure> attempt(const Candidate& candidate, Endpoint endpoint);
    Awaitable<Failure> answer_mock(const Attempt& attempt, const std::string& text);
    Awaitable<Failure> relay_whole(const Attempt& attempt, OpenUpstream& open);
    Awaitable<Failure> relay_stream(const Attempt& attempt, OpenUpstream& open);
    Awaitable<Failure> relay_as_stream(const Attempt& attempt, std::string body,
                                       const http::Fields* upstream);
    Awaitable<Failure> send_chunks(const Attempt& attempt, std::vector<std::string> chunks,
                                   const http::Fields* upstream);
    Awaitable<void> pause(Duration time);

    std::vector<Candidate> usable(const Resolution& resolution, std::string& problem,
                                  bool& key_missing) const;
    Outcome<Endpoint> endpoint_of(const Candidate& candidate) const;
    Candidate choose(const std::vector<Candidate>& candidates) const;
    Duration limit_for(const Deployment& deployment) const;
    Duration delay_before_retry(const ApiError& error, bool another_is_left) const;
    http::Fields fields_for(const Deployment* deployment, const http::Fields* upstream) const;
    void refuse(ApiError error, const Deployment* deployment);
    void note(const Usage& usage, const Deployment& deployment);
    std::optional<double> cost_of(const Usage& usage, const Deployment& deployment) const;

    Gateway& gateway_;
    http::Exchange& exchange_;
    ChatRequest request_;
    std::shared_ptr<const ModelTable> models_;
    std::shared_ptr<CallScope> scope_;
    std::string call_id_, group_, api_base_;
    Instant started_, called_;  // the request, and its last upstream call
    int retries_ = 0, most_retries_ = 0;
    Duration limit_{0};
    std::vector<const Deployment*> failed_;
};

}  // namespace seance::litellm
