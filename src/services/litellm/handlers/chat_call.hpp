#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/litellm/domain/client_form.hpp"
#include "services/litellm/domain/stream_collector.hpp"
#include "services/litellm/handlers/relay.hpp"
#include "services/litellm/routing/choice.hpp"
#include "services/litellm/routing/decision.hpp"
#include "services/litellm/routing/prompt_pins.hpp"
#include "services/litellm/routing/retry.hpp"
#include "services/litellm/routing/wishes.hpp"

namespace seance::litellm {

// From 0 up to 1: where chance decides between deployments, and how long to wait.
double random_fraction();

// Counts a call of a deployment while it lives; not taken if the deployment is full.
class Slot {
  public:
    Slot(const Deployment& deployment, std::optional<int> most);
    ~Slot() { release(); }
    Slot(Slot&&) noexcept = default;
    Slot& operator=(Slot&&) = delete;
    bool taken() const { return state_ != nullptr; }

  private:
    void release();
    std::shared_ptr<DeploymentState> state_;
};

// One call of a model, whatever form the client speaks, from its parsed request to its last byte: chooses
// deployments, tries again where that may help, and relays the answer whole or as a stream. Its parts:
// chat_routing.cpp (groups and fallbacks), chat_group.cpp (attempts in one group), chat_choice.cpp (which
// deployment), chat_hedge.cpp, chat_relay.cpp (one attempt), chat_outcome.cpp (what it tells of its
// deployment), chat_settling.cpp.
class ChatCall {
  public:
    ChatCall(Gateway& gateway, http::Exchange& exchange, ClientForm& form, ChatRequest request,
             std::shared_ptr<const ModelTable> models, AdmissionPtr admission);
    Awaitable<void> run();

  private:
    // One attempt, from its slot in the deployment to the upstream's head. Stays where it is once opened: its
    // dialogue refers into it.
    struct Attempt {
        std::shared_ptr<const Deployment> deployment;
        std::shared_ptr<const Endpoint> endpoint;
        Slot slot;
        Duration limit{0};
        AnswerContext context = {};
        std::unique_ptr<Dialogue> dialogue = {};
        Instant called = {},
                answered = {};  // when the upstream was asked, and had said all of a whole answer
        std::optional<OpenUpstream> open = {};  // none: answered here (mock)
        std::optional<Completion> local = {};   // likewise, and this is the answer
        std::shared_ptr<CallScope> scope = {};  // of the wait for the head
        Instant first_content = {};             // of a stream
        Usage usage = {};                       // once the client has its answer
        Failure broken = {};                    // it failed after the client had a part of it
    };

    // Routing. A group's failure is what its last attempt failed with. What waits for an upstream holds no
    // more than it needs afterwards: what comes before is done by plain functions, what is rare by coroutines
    // of its own.
    Failure enter_first_group();
    Failure enter_group(Resolution resolution);
    Awaitable<Failure> try_group();
    Awaitable<Failure> fall_back(Failure failure);
    std::string preferred_deployment();
    Failure find_options(Resolution& resolution);
    struct Pick {
        std::size_t index;
        Slot slot;
    };
    std::optional<Pick> pick(const RoutingQuestion& question, Failure& problem);
    Awaitable<Failure> attempt(Pick pick);
    Awaitable<Failure> mock_attempt(Attempt& attempt);
    Awaitable<Failure> open_hedged(std::unique_ptr<Attempt>& attempt, Duration after);
    std::unique_ptr<Attempt> make_attempt(Pick pick);
    std::optional<Resolution> resolve_target(const FallbackTarget& target, ApiError& failure);
    Failure mock_failure();
    Outcome<Endpoint> endpoint_of(const Candidate& candidate) const;
    RoutingQuestion question() const;
    AfterFailure left_after(ErrorClass kind) const;
    bool another_is_healthy(const Deployment& than) const;
    Duration limit_for(const Deployment& deployment) const;
    Awaitable<void> pause(Duration time);

    // What an attempt tells about its deployment, and the call to those who look at metrics.
    CallMetrics::Request metrics_labels() const;
    void count_answer(const Attempt& attempt);
    CallMetrics::Times times_of(const Attempt& attempt, Instant now) const;
    void count_outcome(const Attempt& attempt, const ApiError* failure);
    void count_usage(const Attempt& attempt);
    void log_decision();

    // Relaying. An attempt gives nothing once the client has its answer, or is gone; else why it failed.
    // It is open() and then relay(); until relay() nothing has been said to the client.
    Awaitable<Failure> open(Attempt& attempt);
    Awaitable<Failure> open_in_role(Attempt& attempt);
    Awaitable<Failure> open_as_it_is(Attempt& attempt);
    Failure begin(Attempt& attempt, std::unique_ptr<UpstreamCall>& call);
    Awaitable<Failure> relay(Attempt& attempt);
    Awaitable<Failure> answer_mock(Attempt& attempt, const std::string& text);
    Awaitable<Failure> relay_whole(Attempt& attempt);
    Awaitable<Failure> relay_stream(Attempt& attempt);
    Awaitable<Failure> relay_opaque(Attempt& attempt);
    void tell_of_break(const ApiError& error);  // of a stream
    Awaitable<Failure> send_stream(Attempt& attempt, Completion stream, const http::Fields* upstream);
    Awaitable<Failure> send_whole(Attempt& attempt, Completion completion, const http::Fields* upstream);
    AnswerContext context_for(const Endpoint& endpoint) const;

    // A stream that has begun costs what has come of it, also where the process ends before it does.
    class CutShort {
      public:
        CutShort(ChatCall& call, Attempt& attempt, const StreamRelay& relay, const bool& begun)
            : call_(call), attempt_(attempt), relay_(relay), begun_(begun) {}
        CutShort(const CutShort&) = delete;
        CutShort& operator=(const CutShort&) = delete;
        ~CutShort();

      private:
        ChatCall& call_;
        Attempt& attempt_;
        const StreamRelay& relay_;
        const bool& begun_;
    };

    // Settling.
    http::Fields fields_for(const Deployment* deployment, const http::Fields* upstream) const;
    void add_times(http::Fields& fields, const Attempt& attempt) const;
    void refuse(ApiError error, const Deployment* deployment);
    void note(Attempt& attempt, const Usage& usage);
    std::optional<NanoUsd> cost_of(const Attempt& attempt, const Usage& usage) const;
    void settle(const Attempt& attempt, const Usage& usage);
    void keep_stream(std::string_view sent, bool whole, const Usage& usage);

    Gateway& gateway_;
    http::Exchange& exchange_;
    ClientForm& form_;
    ChatRequest request_;
    std::shared_ptr<const ModelTable> models_;
    AdmissionPtr admission_;
    std::unique_ptr<StreamCollector> collector_;  // of a stream that is to be cached or recorded
    std::string answer_;                          // for the record, where that keeps answers
    std::shared_ptr<CallScope> scope_;
    std::string call_id_, group_, api_base_;
    Instant started_;
    Duration waited_{0};  // for attempts that failed, and before retries
    std::string label_;   // the public name or pattern of the model that was asked for
    int retries_ = 0, most_retries_ = 0;
    Duration limit_{0};

    RoutingWishes wishes_;
    FallbackWalk walk_;
    Decision decision_;
    std::vector<Candidate> candidates_;  // of the group at hand, that can be called at all
    std::vector<Option> options_;        // the same as routing sees them
    bool known_ = false, by_id_ = false, mock_failed_ = false;  // known_: somebody answers to its model
    std::vector<PromptPrefix> prefixes_;  // with optional_pre_call_checks: prompt_caching
    std::string prefers_;                 // id of the deployment that has seen what this call goes on from
};

}  // namespace seance::litellm
