#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/litellm/domain/client_form.hpp"
#include "services/litellm/handlers/relay.hpp"

namespace seance::litellm {

// Counts a call of a deployment while it lives; not taken if the deployment is full.
class Slot {
  public:
    Slot(const Deployment& deployment, std::optional<int> most);
    ~Slot() { release(); }
    Slot(Slot&&) noexcept = default;
    Slot& operator=(Slot&&) = delete;
    bool taken() const { return counter_ != nullptr; }

  private:
    void release();
    std::shared_ptr<std::atomic<int>> counter_;
};

// One call of a model, whatever form the client speaks, from its parsed request to its last byte: chooses
// deployments, tries again where that may help, and relays the answer whole or as a stream. Lives in its
// handler's frame. Its parts: chat_routing.cpp, chat_relay.cpp, chat_settling.cpp.
class ChatCall {
  public:
    ChatCall(Gateway& gateway, http::Exchange& exchange, ClientForm& form, ChatRequest request,
             std::shared_ptr<const ModelTable> models);
    Awaitable<void> run();

  private:
    // One attempt, from its slot in the deployment to the upstream's head. Stays where it is once opened: its
    // dialogue refers into it.
    struct Attempt {
        std::shared_ptr<const Deployment> deployment;
        Endpoint endpoint;
        Slot slot;
        Duration limit{0};
        AnswerContext context = {};
        std::unique_ptr<Dialogue> dialogue = {};
        Instant called = {},
                answered = {};  // when the upstream was asked, and had said all of a whole answer
        std::optional<OpenUpstream> open = {};  // none: answered here (mock)
        std::optional<Completion> local = {};   // likewise, and this is the answer
    };
    // Nothing once the client has its answer (or is gone); else why this attempt failed.
    using Failure = std::optional<ApiError>;

    // Routing.
    std::vector<Candidate> usable(const Resolution& resolution, std::string& problem,
                                  bool& key_missing) const;
    Outcome<Endpoint> endpoint_of(const Candidate& candidate) const;
    Candidate choose(const std::vector<Candidate>& candidates) const;
    Duration limit_for(const Deployment& deployment) const;
    Duration delay_before_retry(const ApiError& error, bool another_is_left) const;
    Awaitable<void> pause(Duration time);

    // Relaying. attempt() is open() and then relay(); until relay() nothing has been said to the client.
    Awaitable<Failure> attempt(const Candidate& candidate, Endpoint endpoint);
    Awaitable<Failure> open(Attempt& attempt);
    Awaitable<Failure> relay(Attempt& attempt);
    Awaitable<Failure> answer_mock(const Attempt& attempt, const std::string& text);
    Awaitable<Failure> relay_whole(Attempt& attempt);
    Awaitable<Failure> relay_stream(Attempt& attempt);
    Awaitable<Failure> relay_opaque(Attempt& attempt);
    Awaitable<Failure> send_stream(const Attempt& attempt, Completion stream, const http::Fields* upstream);
    Awaitable<Failure> send_whole(const Attempt& attempt, Completion completion,
                                  const http::Fields* upstream);
    AnswerContext context_for(const Endpoint& endpoint) const;

    // Settling.
    http::Fields fields_for(const Deployment* deployment, const http::Fields* upstream) const;
    void refuse(ApiError error, const Deployment* deployment);
    void note(const Usage& usage, const Deployment& deployment);
    std::optional<double> cost_of(const Usage& usage, const Deployment& deployment) const;

    Gateway& gateway_;
    http::Exchange& exchange_;
    ClientForm& form_;
    ChatRequest request_;
    std::shared_ptr<const ModelTable> models_;
    std::shared_ptr<CallScope> scope_;
    std::string call_id_, group_, api_base_;
    Instant started_;
    int retries_ = 0, most_retries_ = 0;
    Duration limit_{0};
    std::vector<const Deployment*> failed_;
};

}  // namespace seance::litellm
