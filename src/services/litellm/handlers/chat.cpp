#include "services/litellm/handlers/chat.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/hash.hpp"
#include "core/base/id.hpp"
#include "core/base/text.hpp"
#include "core/runtime/wait.hpp"
#include "services/litellm/domain/mock.hpp"
#include "services/litellm/handlers/handlers.hpp"

namespace seance::litellm {
namespace {

using std::chrono::milliseconds;

// Chunks that wait for the first one with content; more than that and the stream begins anyway.
constexpr std::size_t kMostHeld = 1 << 20;
// After [DONE] the upstream's last bytes are usually here already; waiting for them saves its connection.
constexpr auto kLastBytes = milliseconds(20);

constexpr std::string_view kNotRepeated[] = {
    "connection",        "keep-alive", "proxy-authenticate", "proxy-authorization", "te",        "trailer",
    "transfer-encoding", "upgrade",    "content-length",     "content-encoding",    "set-cookie"};

// Counts a call of a deployment while it lives; empty if the deployment is full.
class Slot {
  public:
    Slot(const Deployment& deployment, std::optional<int> most) {
        auto before = deployment.in_flight->fetch_add(1);
        counter_ = deployment.in_flight;
        if (most && before >= *most) release();
    }
    ~Slot() { release(); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    bool taken() const { return counter_ != nullptr; }

  private:
    void release() {
        if (counter_) counter_->fetch_sub(1);
        counter_.reset();
    }
    std::shared_ptr<std::atomic<int>> counter_;
};

double random_fraction() {
    return static_cast<double>(random_number() >> 11) * 0x1.0p-53;
}

std::int64_t unix_seconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

ApiError all_full(std::string_view group) {
    return {.status = 429,
            .message = fmt::format("litellm.RateLimitError: every deployment of {} has reached its "
                                   "max_parallel_requests; try again in a moment",
                                   group),
            .type = "throttling_error",
            .retryable = true};
}

}  // namespace

struct ChatCall::Attempt {
    const Deployment& deployment;
    const Endpoint& endpoint;
    AnswerContext context;
};

ChatCall::ChatCall(Gateway& gateway, http::Exchange& exchange, ChatRequest request,
                   std::shared_ptr<const ModelTable> models)
    : gateway_(gateway),
      exchange_(exchange),
      request_(std::move(request)),
      models_(std::move(models)),
      scope_(std::make_shared<CallScope>(gateway.loop().executor())),
      call_id_(call_id(exchange.head())),
      started_(Clock::now()) {}

Awaitable<void> ChatCall::run() {
    auto resolution = models_->resolve(request_.model);
    if (!resolution) {
        auto error = unknown_model(request_.model);
        if (models_->config().deployments.empty())
            error.message =
                "no models configured: model_list of the gateway's config.yaml is empty. " + error.message;
        refuse(std::move(error), nullptr);
        co_return;
    }
    group_ = resolution->group;
    std::function<void()> gone = [weak = std::weak_ptr(scope_)] {
        if (auto scope = weak.lock()) scope->end(CallScope::Ended::ClientGone);
    };
    exchange_.on_disconnect(std::move(gone));

    std::string problem;
    bool key_missing = false;
    auto candidates = usable(*resolution, problem, key_missing);
    if (candidates.empty()) {
        ApiError error{.status = key_missing ? 401 : 400,
                       .message = std::move(problem),
                       .type = key_missing ? "auth_error" : "invalid_request_error"};
        refuse(std::move(error), nullptr);
        co_return;
    }
    most_retries_ = request_.num_retries.value_or(
        candidates.front().deployment->num_retries.value_or(models_->config().num_retries));
    while (true) {
        auto candidate = choose(candidates);
        auto endpoint = endpoint_of(candidate);
        if (!request_.num_retries && candidate.deployment->num_retries)
            most_retries_ = *candidate.deployment->num_retries;
        auto failure = co_await attempt(candidate, std::move(*endpoint));
        if (scope_->client_gone()) {
            gateway_.abandoned.add();
            exchange_.log_fields(
                fmt::format(",\"model_group\":{},\"client_gone\":true,\"answered\":499", json_quote(group_)));
            co_return;
        }
        if (!failure) co_return;
        gateway_.upstream_failures.add();
        failed_.push_back(candidate.deployment.get());
        bool another = std::any_of(candidates.begin(), candidates.end(), [&](auto& c) {
            return std::find(failed_.begin(), failed_.end(), c.deployment.get()) == failed_.end();
        });
        // A wrong key of one deployment says nothing about the others.
        bool worth_it = failure->retryable || (failure->status == 401 && another);
        if (!worth_it || retries_ >= most_retries_) {
            add_group(*failure, group_);
            refuse(std::move(*failure), candidate.deployment.get());
            co_return;
        }
        co_await pause(delay_before_retry(*failure, another));
        if (scope_->client_gone()) continue;  // the next attempt sees it at once
        ++retries_;
    }
}

std::vector<Candidate> ChatCall::usable(const Resolution& resolution, std::string& problem,
                                        bool& key_missing) const {
    std::vector<Candidate> candidates;
    for (auto& candidate : resolution.candidates) {
        auto endpoint = endpoint_of(candidate);
        if (endpoint) {
            candidates.push_back(candidate);
            continue;
        }
        auto why = endpoint.error().what;
        bool key = why.starts_with("no API key");
        if (problem.empty() || (key_missing && !key)) {
            problem =
                why.starts_with("LLM Provider NOT") ? why
                : key
                    ? fmt::format(
                          "litellm.AuthenticationError: the model {} is disabled because the gateway has {}",
                          request_.model, why)
                    : fmt::format("litellm.BadRequestError: the model {} cannot be called: {}",
                                  request_.model, why);
            key_missing = key;
        }
    }
    return candidates;
}

Outcome<Endpoint> ChatCall::endpoint_of(const Candidate& candidate) const {
    auto& deployment = *candidate.deployment;
    Overrides overrides;
    overrides.mocked = request_.mock_response.has_value();
    if (deployment.client_may_set_key) overrides.key = request_.own_key;
    if (deployment.client_may_set_base) overrides.base = request_.own_base;
    return find_endpoint(deployment, candidate.model, models_->config().environment, overrides);
}

// Among those that have not failed yet and have room, if there are any.
Candidate ChatCall::choose(const std::vector<Candidate>& candidates) const {
    auto most_of = [&](const Deployment& d) {
        return d.max_parallel_requests ? d.max_parallel_requests
                                       : models_->config().default_max_parallel_requests;
    };
    std::vector<Candidate> fresh, roomy;
    for (auto& candidate : candidates)
        if (std::find(failed_.begin(), failed_.end(), candidate.deployment.get()) == failed_.end())
            fresh.push_back(candidate);
    auto& pool = fresh.empty() ? candidates : fresh;
    for (auto& candidate : pool)
        if (auto most = most_of(*candidate.deployment);
            !most || candidate.deployment->in_flight->load() < *most)
            roomy.push_back(candidate);
    auto& from = roomy.empty() ? pool : roomy;
    return from[shuffle(from, random_fraction())];
}

Duration ChatCall::limit_for(const Deployment& deployment) const {
    auto& config = models_->config();
    if (request_.stream && request_.stream_timeout) return *request_.stream_timeout;
    if (request_.timeout) return *request_.timeout;
    if (request_.stream && deployment.stream_timeout) return *deployment.stream_timeout;
    if (deployment.timeout) return *deployment.timeout;
    if (request_.stream && config.stream_timeout) return *config.stream_timeout;
    return config.timeout;
}

Duration ChatCall::delay_before_retry(const ApiError& error, bool another_is_left) const {
    if (another_is_left) return Duration{0};
    auto least = models_->config().retry_after;
    if (error.retry_after && *error.retry_after <= std::chrono::seconds(60))
        return std::max(least, *error.retry_after);
    auto seconds =
        std::min(8.0, 0.5 * static_cast<double>(1u << std::min(retries_, 10)) + 0.75 * random_fraction());
    return std::max(least, std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
}

Awaitable<void> ChatCall::pause(Duration time) {
    if (time <= Duration{0}) co_return;
    scope_->allow_forever();
    scope_->allow(time + std::chrono::seconds(1));
    co_await scope_->run(sleep_for(time));
}

Awaitable<ChatCall::Failure> ChatCall::attempt(const Candidate& candidate, Endpoint endpoint) {
    auto& deployment = *candidate.deployment;
    auto& config = models_->config();
    Slot slot(deployment, deployment.max_parallel_requests ? deployment.max_parallel_requests
                                                           : config.default_max_parallel_requests);
    if (!slot.taken()) co_return all_full(group_);
    limit_ = limit_for(deployment);
    api_base_ = endpoint.base;
    auto messages = json_find(request_.root, "messages");
    Attempt attempt{deployment,
                    endpoint,
                    {endpoint.provider, endpoint.key, request_.model, "chatcmpl-" + random_id(),
                     unix_seconds(), estimate_tokens(messages->text)}};
    if (request_.mock_response) co_return co_await answer_mock(attempt, *request_.mock_response);
    if (deployment.mock_response) co_return co_await answer_mock(attempt, *deployment.mock_response);

    auto call = make_upstream_call(endpoint, deployment, config, "/chat/completions",
                                   upstream_body(request_, deployment, endpoint), request_.stream,
                                   &exchange_.head().fields);
    if (!call) co_return bad_request(call.error().what);
    called_ = Clock::now();
    auto open = co_await open_upstream(gateway_, scope_, *call, *endpoint.provider, endpoint.key, limit_);
    if (!open) co_return open.error();
    if (request_.stream) co_return co_await relay_stream(attempt, *open);
    co_return co_await relay_whole(attempt, *open);
}

Awaitable<ChatCall::Failure> ChatCall::answer_mock(const Attempt& attempt, const std::string& text) {
    if (request_.stream) {
        auto chunks = mock_chunks(text, request_.choices, attempt.context);
        if (!chunks) co_return chunks.error();
        co_return co_await send_chunks(attempt, std::move(*chunks), nullptr);
    }
    auto body = mock_completion(text, request_.choices, attempt.context);
    if (!body) co_return body.error();
    auto completion = rewrite_completion(*body, attempt.context);
    if (!completion) co_return completion.error();
    auto fields = fields_for(&attempt.deployment, nullptr);
    if (auto cost = cost_of(completion->usage, attempt.deployment))
        fields.set("x-litellm-response-cost", fmt::format("{}", *cost));
    note(completion->usage, attempt.deployment);
    reply_json(exchange_, 200, std::move(completion->json), std::move(fields));
    co_return std::nullopt;
}

Awaitable<ChatCall::Failure> ChatCall::relay_whole(const Attempt& attempt, OpenUpstream& open) {
    auto body = co_await read_rest(scope_, open.stream, *attempt.endpoint.provider, limit_,
                                   models_->config().max_answer);
    if (!body) co_return body.error();
    auto upstream_time = Clock::now() - called_;
    auto completion = rewrite_completion(*body, attempt.context);
    if (!completion) co_return completion.error();
    auto fields = fields_for(&attempt.deployment, &open.fields);
    auto ms = [](Duration d) {
        return fmt::format("{:.3f}", std::chrono::duration<double, std::milli>(d).count());
    };
    fields.set("x-litellm-response-duration-ms", ms(Clock::now() - started_));
    fields.set("x-litellm-overhead-duration-ms", ms(Clock::now() - started_ - upstream_time));
    if (auto cost = cost_of(completion->usage, attempt.deployment))
        fields.set("x-litellm-response-cost", fmt::format("{}", *cost));
    note(completion->usage, attempt.deployment);
    reply_json(exchange_, 200, std::move(completion->json), std::move(fields));
    co_return std::nullopt;
}

Awaitable<ChatCall::Failure> ChatCall::relay_as_stream(const Attempt& attempt, std::string body,
                                                       const http::Fields* upstream) {
    auto completion = rewrite_completion(body, attempt.context);
    if (!completion) co_return completion.error();
    auto root = parse_json(completion->json);
    co_return co_await send_chunks(attempt, completion_to_chunks(*root), upstream);
}

Awaitable<ChatCall::Failure> ChatCall::send_chunks(const Attempt& attempt, std::vector<std::string> chunks,
                                                   const http::Fields* upstream) {
    ChatStream chat(attempt.context, request_.include_usage);
    chunks.emplace_back("[DONE]");
    auto fields = fields_for(&attempt.deployment, upstream);
    fields.set("Content-Type", "text/event-stream; charset=utf-8");
    fields.set("Cache-Control", "no-cache");
    fields.set("X-Accel-Buffering", "no");
    auto lost = co_await exchange_.start(200, fields, std::nullopt);
    for (auto& chunk : chunks) {
        if (lost || scope_->client_gone()) break;
        auto step = chat.take(chunk);
        if (!step.out.empty()) lost = co_await exchange_.write(step.out);
    }
    note(chat.usage(), attempt.deployment);
    if (lost)
        scope_->end(CallScope::Ended::ClientGone);
    else
        co_await exchange_.finish();
    co_return std::nullopt;
}

Awaitable<ChatCall::Failure> ChatCall::relay_stream(const Attempt& attempt, OpenUpstream& open) {
    ChatStream chat(attempt.context, request_.include_usage);
    SseParser events;
    std::string out;  // for the client; held until something in it is worth beginning the answer
    bool begun = false, finished = false;
    bool first = true;
    scope_->on_end([&open] { open.stream.abort(); });
    while (!finished) {
        scope_->allow(limit_);
        auto piece = co_await open.stream.read_body();
        if (scope_->client_gone()) break;
        ChatStream::Step last;
        bool content = false;
        if (scope_->ended() == CallScope::Ended::TimedOut || !piece) {
            last.error = lost_upstream(*scope_, *attempt.endpoint.provider, limit_,
                                       piece ? error_code(asio::error::timed_out) : piece.error());
        } else if (first && !piece->empty()) {
            first = false;
            auto type = lower(open.fields.get("Content-Type"));
            if (type.starts_with("application/json") || trim(*piece).starts_with('{')) {
                // No stream after all: some upstreams answer whole.
                std::string body(*piece);
                auto rest = co_await read_rest(scope_, open.stream, *attempt.endpoint.provider, limit_,
                                               models_->config().max_answer);
                if (!rest) co_return rest.error();
                body += *rest;
                co_return co_await relay_as_stream(attempt, std::move(body), &open.fields);
            }
            events.feed(*piece);
        } else {
            events.feed(*piece);
        }
        while (!last.error && !last.done) {
            auto data = events.next();
            if (!data) break;
            last = chat.take(*data);
            out += last.out;
            content = content || last.content;
        }
        bool ended = piece && piece->empty();
        if (!last.error && !last.done && ended) {
            if (auto data = events.rest()) {
                last = chat.take(*data);
                out += last.out;
                content = content || last.content;
            }
            if (!last.error && !last.done) {
                last = chat.end();
                out += last.out;
                content = content || last.content;
            }
        }
        if (!last.error && events.overflowed()) {
            last.error =
                ApiError{.status = 502,
                         .message = "litellm.BadGatewayError: the upstream sent an event that is too large",
                         .type = "internal_server_error",
                         .retryable = true};
        }
        if (last.error && !begun && !content) {
            scope_->on_end({});
            co_return std::move(*last.error);
        }
        if (last.error) out += ChatStream::error_event(*last.error);
        finished = last.error || last.done;
        if (!begun && (content || finished || out.size() > kMostHeld)) {
            begun = true;
            auto fields = fields_for(&attempt.deployment, &open.fields);
            fields.set("Content-Type", "text/event-stream; charset=utf-8");
            fields.set("Cache-Control", "no-cache");
            fields.set("X-Accel-Buffering", "no");
            if (co_await exchange_.start(200, fields, std::nullopt))
                scope_->end(CallScope::Ended::ClientGone);
        }
        if (begun && !out.empty() && !scope_->client_gone()) {
            if (co_await exchange_.write(out)) scope_->end(CallScope::Ended::ClientGone);
            out.clear();
        }
        if (scope_->client_gone()) break;
        if (last.error) {
            gateway_.upstream_failures.add();
            gateway_.failed.add();
            exchange_.log_fields(fmt::format(",\"stream_failed\":{}", json_quote(last.error->message)));
        }
        if (finished) co_await exchange_.finish();
        if (last.done && !ended) {
            scope_->allow(kLastBytes);
            co_await open.stream.read_body();
        }
    }
    scope_->on_end({});
    if (scope_->client_gone()) open.stream.abort();
    note(chat.usage(), attempt.deployment);
    co_return std::nullopt;
}

std::optional<double> ChatCall::cost_of(const Usage& usage, const Deployment& deployment) const {
    if (usage.cost) return usage.cost;
    if (!deployment.input_price && !deployment.output_price) return std::nullopt;
    return static_cast<double>(usage.prompt) * deployment.input_price.value_or(0) +
           static_cast<double>(usage.completion) * deployment.output_price.value_or(0);
}

http::Fields ChatCall::fields_for(const Deployment* deployment, const http::Fields* upstream) const {
    auto fields = common_fields(exchange_.head(), call_id_);
    if (deployment) {
        fields.set("x-litellm-model-id", deployment->id);
        if (!api_base_.empty())
            fields.set("x-litellm-model-api-base", api_base_.substr(0, api_base_.find('?')));
    }
    if (!group_.empty()) fields.set("x-litellm-model-group", group_);
    fields.set("x-litellm-attempted-retries", std::to_string(retries_));
    fields.set("x-litellm-max-retries", std::to_string(most_retries_));
    fields.set("x-litellm-attempted-fallbacks", "0");
    if (upstream) {
        for (auto& [name, value] : upstream->all()) {
            auto word = lower(name);
            if (std::find(std::begin(kNotRepeated), std::end(kNotRepeated), word) != std::end(kNotRepeated))
                continue;
            fields.add("llm_provider-" + word, value);
            if (word.starts_with("x-ratelimit-")) fields.set(word, value);
        }
    }
    return fields;
}

void ChatCall::refuse(ApiError error, const Deployment* deployment) {
    auto fields = fields_for(deployment, nullptr);
    fields.set("x-litellm-response-cost", "0");
    if (error.status == 408)
        fields.set("x-litellm-timeout", fmt::format("{:g}", std::chrono::duration<double>(limit_).count()));
    if (error.retry_after)
        fields.set("retry-after",
                   std::to_string(std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count()));
    (error.status >= 500 ? gateway_.failed : gateway_.refused).add();
    exchange_.log_fields(fmt::format(",\"model_group\":{},\"retries\":{}", json_quote(group_), retries_));
    reply_json(exchange_, error.status, error.json(), std::move(fields));
}

void ChatCall::note(const Usage& usage, const Deployment& deployment) {
    gateway_.answered.add();
    exchange_.log_fields(fmt::format(
        ",\"model_group\":{},\"deployment\":{},\"retries\":{},\"prompt_tokens\":{},\"completion_tokens\":{}",
        json_quote(group_), json_quote(deployment.id), retries_, usage.prompt, usage.completion));
}

Awaitable<void> chat_completions(Gateway& gateway, http::Exchange& exchange, std::string model) {
    auto models = gateway.models();
    auto& config = models->config();
    exchange.limit_body(config.max_body);
    auto body = co_await exchange.read_whole_body(config.max_body);
    if (!body) {
        if (body.error() == boost::system::errc::message_size) {
            ApiError error{
                .status = 413,
                .message = fmt::format("the request body is larger than {} bytes", config.max_body),
                .type = "bad_request_error"};
            reply_error(exchange, error);
        }
        co_return;  // the server answers the others
    }
    auto request = parse_chat_request(std::move(*body), exchange.head().fields, model, config);
    if (!request) {
        gateway.refused.add();
        reply_error(exchange, request.error());
        co_return;
    }
    struct Flight {
        observe::Gauge& gauge;
        explicit Flight(observe::Gauge& g) : gauge(g) { gauge.add(1); }
        ~Flight() { gauge.add(-1); }
    } flight(gateway.in_flight);
    ChatCall call(gateway, exchange, std::move(*request), models);
    co_await call.run();
}

}  // namespace seance::litellm
