#include <fmt/format.h>

#include <algorithm>

#include "core/base/id.hpp"
#include "core/base/text.hpp"
#include "services/litellm/domain/answer_schema.hpp"
#include "services/litellm/domain/chat_dialogue.hpp"
#include "services/litellm/domain/mock.hpp"
#include "services/litellm/handlers/chat_call.hpp"

// One attempt: what is said to the upstream, and its answer on the way to the client.
namespace seance::litellm {
namespace {

using std::chrono::milliseconds;

// Chunks that wait for the first one with content; more than that and the stream begins anyway.
constexpr std::size_t kMostHeld = 1 << 20;
// After the answer's end the upstream's last bytes are usually here already; waiting saves its connection.
constexpr auto kLastBytes = milliseconds(20);

std::int64_t unix_seconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Awaitable<Failure> at_once(Failure failure) {
    co_return failure;
}

}  // namespace

Slot::Slot(const Deployment& deployment, std::optional<int> most) : state_(deployment.state) {
    auto before = state_->in_flight.fetch_add(1, std::memory_order_relaxed);
    if (most && before >= *most) release();
}

void Slot::release() {
    if (state_) state_->in_flight.fetch_sub(1, std::memory_order_relaxed);
    state_.reset();
}

ChatCall::ChatCall(Gateway& gateway, http::Exchange& exchange, ClientForm& form, ChatRequest request,
                   std::shared_ptr<const ModelTable> models, AdmissionPtr admission)
    : gateway_(gateway),
      exchange_(exchange),
      form_(form),
      request_(std::move(request)),
      models_(std::move(models)),
      admission_(std::move(admission)),
      scope_(std::make_shared<CallScope>(gateway.loop().executor())),
      call_id_(admission_->call_id()),
      started_(Clock::now()),
      wishes_(
          read_wishes(request_.root, exchange.head().fields, models_->config().routing.allow_mock_testing)),
      walk_(models_->config().routing, wishes_.fallbacks),
      decision_(exchange.is_logged()) {
    for (auto& tag : admission_->caller().tags())
        if (std::find(wishes_.tags.begin(), wishes_.tags.end(), tag) == wishes_.tags.end())
            wishes_.tags.push_back(std::move(tag));
}

AnswerContext ChatCall::context_for(const Endpoint& endpoint) const {
    return {endpoint.provider,         endpoint.key,   request_.model,
            "chatcmpl-" + random_id(), unix_seconds(), request_.prompt_estimate};
}

Awaitable<Failure> ChatCall::open(Attempt& attempt) {
    auto& aws = attempt.endpoint->aws;
    return aws && aws->role ? open_in_role(attempt) : open_as_it_is(attempt);
}

Awaitable<Failure> ChatCall::open_in_role(Attempt& attempt) {
    auto lent = co_await gateway_.roles().lend(gateway_, attempt.scope, attempt.endpoint);
    if (!lent) co_return lent.error();
    attempt.endpoint = std::move(*lent);
    co_return co_await open_as_it_is(attempt);
}

// Not a coroutine itself: a call that waits for its upstream holds one frame less.
Awaitable<Failure> ChatCall::open_as_it_is(Attempt& attempt) {
    std::unique_ptr<UpstreamCall> call;
    auto failure = begin(attempt, call);
    if (failure || !call) return at_once(std::move(failure));
    attempt.called = Clock::now();
    return open_upstream(gateway_, attempt.scope, std::move(call), *attempt.dialogue,
                         *attempt.endpoint->provider, attempt.limit, attempt.open);
}

// What to ask the upstream; nothing if it is answered here.
Failure ChatCall::begin(Attempt& attempt, std::unique_ptr<UpstreamCall>& call) {
    auto& deployment = *attempt.deployment;
    attempt.context = context_for(*attempt.endpoint);
    if (models_->config().say_cost_of_streams)
        attempt.context.cost = [this, &attempt](const Usage& usage) { return cost_of(attempt, usage); };
    if (request_.mock_response || deployment.mock_response) return std::nullopt;

    Destination to{*attempt.endpoint, deployment, models_->config(), &exchange_.head().fields};
    auto dialogue = form_.begin(request_, to, attempt.context);
    if (!dialogue) return dialogue.error();
    attempt.dialogue = std::move(*dialogue);
    attempt.local = attempt.dialogue->local();
    if (attempt.local) return std::nullopt;
    auto made = attempt.dialogue->call();
    if (!made) return made.error();
    call = std::make_unique<UpstreamCall>(std::move(*made));
    return std::nullopt;
}

Awaitable<Failure> ChatCall::relay(Attempt& attempt) {
    if (attempt.local) co_return co_await send_whole(attempt, std::move(*attempt.local), nullptr);
    if (!attempt.open) {
        auto& text = request_.mock_response ? request_.mock_response : attempt.deployment->mock_response;
        co_return co_await answer_mock(attempt, *text);
    }
    if (attempt.dialogue->opaque(attempt.open->fields.get("Content-Type")))
        co_return co_await relay_opaque(attempt);
    if (request_.stream) co_return co_await relay_stream(attempt);
    co_return co_await relay_whole(attempt);
}

Awaitable<Failure> ChatCall::answer_mock(Attempt& attempt, const std::string& text) {
    if (request_.stream) {
        auto chunks = mock_chunks(text, request_.choices, attempt.context);
        if (!chunks) co_return chunks.error();
        auto stream = render_chunks(*chunks, form_, attempt.context, request_.include_usage);
        if (!stream) co_return stream.error();
        co_return co_await send_stream(attempt, std::move(*stream), nullptr);
    }
    auto body = mock_completion(text, request_.choices, attempt.context);
    if (!body) co_return body.error();
    auto completion = rewrite_completion(*body, attempt.context);
    if (!completion) co_return completion.error();
    completion->json = form_.whole(std::move(completion->json), attempt.context);
    co_return co_await send_whole(attempt, std::move(*completion), nullptr);
}

Awaitable<Failure> ChatCall::relay_whole(Attempt& attempt) {
    auto& provider = *attempt.endpoint->provider;
    auto most = models_->config().max_answer;
    auto body = co_await read_rest(scope_, attempt.open->stream, provider, attempt.limit, most);
    if (!body) co_return body.error();
    while (auto next = attempt.dialogue->next_call(*body)) {
        attempt.open.reset();
        auto call = std::make_unique<UpstreamCall>(std::move(*next));
        auto failure = co_await open_upstream(gateway_, scope_, std::move(call), *attempt.dialogue, provider,
                                              attempt.limit, attempt.open);
        if (failure) co_return failure;
        body = co_await read_rest(scope_, attempt.open->stream, provider, attempt.limit, most);
        if (!body) co_return body.error();
    }
    attempt.answered = Clock::now();
    auto completion = attempt.dialogue->whole(*body);
    if (!completion) co_return completion.error();
    co_return co_await send_whole(attempt, std::move(*completion), &attempt.open->fields);
}

Awaitable<Failure> ChatCall::send_whole(Attempt& attempt, Completion completion,
                                        const http::Fields* upstream) {
    if (form_.call_type() == "acompletion")
        if (auto error = schema_error(request_.root, completion.json, models_->config().check_schemas))
            co_return std::move(*error);
    auto fields = fields_for(attempt.deployment.get(), upstream);
    if (upstream) add_times(fields, attempt);
    if (auto cost = cost_of(attempt, completion.usage)) admission_->add_fields(fields, cost);
    if (admission_->keeps_answer()) answer_ = completion.json;
    note(attempt, completion.usage);
    if (admission_->cache_wish().write) admission_->keep(completion.json);
    reply_json(exchange_, 200, std::move(completion.json), std::move(fields));
    co_return std::nullopt;
}

// A stream whose bytes are all known.
Awaitable<Failure> ChatCall::send_stream(Attempt& attempt, Completion stream, const http::Fields* upstream) {
    auto fields = fields_for(attempt.deployment.get(), upstream);
    make_stream(fields);
    exchange_.start_with_next(200, fields);
    note(attempt, stream.usage);
    keep_stream(stream.json, true, stream.usage);
    if (scope_->client_gone() || co_await exchange_.write(stream.json))
        scope_->end(CallScope::Ended::ClientGone);
    else
        co_await exchange_.finish();
    co_return std::nullopt;
}

Awaitable<Failure> ChatCall::relay_stream(Attempt& attempt) {
    auto& open = *attempt.open;
    auto& provider = *attempt.endpoint->provider;
    auto relay = attempt.dialogue->stream();
    collector_.reset();
    std::string out;  // for the client; held until something in it is worth beginning the answer
    bool begun = false, content = false, finished = false, first = true;
    CutShort cut_short(*this, attempt, *relay, begun);
    scope_->on_end([&open] { open.stream.abort(); });
    while (!finished) {
        scope_->allow(attempt.limit);
        auto piece = co_await open.stream.read_body();
        if (scope_->client_gone()) break;
        StreamRelay::Step step;
        if (scope_->ended() == CallScope::Ended::TimedOut || !piece) {
            step.error = lost_upstream(*scope_, provider, attempt.limit,
                                       piece ? error_code(asio::error::timed_out) : piece.error());
        } else if (first && !piece->empty() &&
                   !attempt.dialogue->is_stream(open.fields.get("Content-Type"), *piece)) {
            // No stream after all: some upstreams answer whole.
            std::string body(*piece);
            auto rest = co_await read_rest(scope_, open.stream, provider, attempt.limit,
                                           models_->config().max_answer);
            if (!rest) co_return rest.error();
            body += *rest;
            auto stream = attempt.dialogue->whole_as_stream(body);
            if (!stream) co_return stream.error();
            co_return co_await send_stream(attempt, std::move(*stream), &open.fields);
        } else {
            step = piece->empty() ? relay->end() : relay->feed(*piece);
        }
        bool ended = piece && piece->empty();
        first = false;
        keep_stream(step.out, step.done && !step.error, relay->usage());
        if (out.empty())
            out = std::move(step.out);
        else
            out += step.out;
        if (step.content && !content) attempt.first_content = Clock::now();
        content = content || step.content;
        if (step.error && !begun && !content) {
            scope_->on_end({});
            co_return std::move(*step.error);
        }
        if (step.error) out += relay->error_event(*step.error);
        finished = step.over();
        if (!begun && (content || finished || out.size() > kMostHeld)) {
            begun = true;
            auto fields = fields_for(attempt.deployment.get(), &open.fields);
            make_stream(fields);
            exchange_.start_with_next(200, fields);
        }
        if (step.error) attempt.broken = *step.error;
        if (finished) settle(attempt, relay->usage());
        if (begun && !out.empty() && !scope_->client_gone()) {
            if (co_await exchange_.write(out)) scope_->end(CallScope::Ended::ClientGone);
            out.clear();
        }
        if (scope_->client_gone()) break;
        if (step.error) {
            gateway_.upstream_failures.add();
            gateway_.failed.add();
            tell_of_break(*step.error);
        }
        if (finished) co_await exchange_.finish();
        if (step.done && !ended) {
            scope_->allow(kLastBytes);
            co_await open.stream.read_body();
        }
    }
    scope_->on_end({});
    if (scope_->client_gone()) open.stream.abort();
    note(attempt, relay->usage());
    co_return std::nullopt;
}

// The status has been sent: the log alone tells of it.
void ChatCall::tell_of_break(const ApiError& error) {
    exchange_.log_as_warning();
    exchange_.log_fields(",\"stream_failed\":true" + error.log_fields());
}

// Bytes that nobody looks into: sent on as they come, with the type the upstream gave them.
Awaitable<Failure> ChatCall::relay_opaque(Attempt& attempt) {
    auto& open = *attempt.open;
    auto fields = fields_for(attempt.deployment.get(), &open.fields);
    if (auto type = open.fields.find("Content-Type")) fields.set("Content-Type", *type);
    bool begun = false;
    scope_->on_end([&open] { open.stream.abort(); });
    while (!scope_->client_gone()) {
        scope_->allow(attempt.limit);
        auto piece = co_await open.stream.read_body();
        if (scope_->client_gone()) break;
        if (!piece || scope_->ended() == CallScope::Ended::TimedOut) {
            scope_->on_end({});
            auto error = lost_upstream(*scope_, *attempt.endpoint->provider, attempt.limit,
                                       piece ? error_code(asio::error::timed_out) : piece.error());
            if (!begun) co_return error;
            // Not finished: the client sees that it is cut.
            gateway_.upstream_failures.add();
            gateway_.failed.add();
            tell_of_break(error);
            attempt.broken = std::move(error);
            note(attempt, {});
            co_return std::nullopt;
        }
        if (!begun) {
            begun = true;
            exchange_.start_with_next(200, fields);
        }
        if (piece->empty()) {
            settle(attempt, {request_.prompt_estimate, 0});
            co_await exchange_.finish();
            break;
        }
        if (co_await exchange_.write(*piece)) scope_->end(CallScope::Ended::ClientGone);
    }
    scope_->on_end({});
    if (scope_->client_gone()) open.stream.abort();
    note(attempt, {request_.prompt_estimate, 0});
    co_return std::nullopt;
}

}  // namespace seance::litellm
