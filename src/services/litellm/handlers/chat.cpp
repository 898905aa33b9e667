#include <fmt/format.h>

#include "services/litellm/domain/forms/anthropic_form.hpp"
#include "services/litellm/domain/forms/completion_form.hpp"
#include "services/litellm/domain/forms/embedding_form.hpp"
#include "services/litellm/domain/forms/responses_form.hpp"
#include "services/litellm/handlers/cached.hpp"
#include "services/litellm/handlers/chat_call.hpp"
#include "services/litellm/handlers/handlers.hpp"

namespace seance::litellm {
namespace {

void refuse(Gateway& gateway, http::Exchange& exchange, const ClientForm& form, const ApiError& error) {
    gateway.refused.add();
    reply_json(exchange, error.status, form.error_body(error));
}

// Counts while it lives.
struct Flight {
    observe::Gauge& gauge;
    explicit Flight(observe::Gauge& g) : gauge(g) { gauge.add(1); }
    ~Flight() { gauge.add(-1); }
};

// `model`: of the path, or "".
Awaitable<void> serve_call(Gateway& gateway, http::Exchange& exchange, ClientForm& form, std::string model) {
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
            refuse(gateway, exchange, form, error);
        }
        co_return;  // the server answers the others
    }
    auto request = form.parse(std::move(*body), exchange.head().fields, model, config);
    if (!request) {
        refuse(gateway, exchange, form, request.error());
        co_return;
    }
    Flight flight(gateway.in_flight);
    Ask ask{form.call_type(), request->model, request->root, request->prompt_estimate,
            exchange.peer_address()};
    auto admission = co_await gateway.ledger().admit(exchange.head(), call_id(exchange.head()), ask, models);
    if (auto& error = admission->refusal()) {
        gateway.refused.add();
        auto fields = common_fields(exchange.head(), admission->call_id());
        admission->add_fields(fields, std::nullopt);
        exchange.log_fields(admission->log_fields());
        reply_json(exchange, error->status, form.error_body(*error), std::move(fields));
        co_return;
    }
    if (!admission->may_mock()) request->mock_response.reset();
    std::unique_ptr<AnswerCache::Lead> lead;
    if (co_await answer_from_cache(gateway, exchange, form, *request, *admission, lead)) co_return;
    ChatCall call(gateway, exchange, form, std::move(*request), models, std::move(admission));
    co_await call.run();
}

}  // namespace

Awaitable<void> chat_completions(Gateway& gateway, http::Exchange& exchange, std::string model) {
    ChatForm form;
    co_await serve_call(gateway, exchange, form, std::move(model));
}

Awaitable<void> messages(Gateway& gateway, http::Exchange& exchange, std::string) {
    AnthropicForm form;
    co_await serve_call(gateway, exchange, form, "");
}

Awaitable<void> count_tokens(Gateway& gateway, http::Exchange& exchange, std::string) {
    CountTokensForm form;
    co_await serve_call(gateway, exchange, form, "");
}

Awaitable<void> completions(Gateway& gateway, http::Exchange& exchange, std::string model) {
    CompletionForm form;
    co_await serve_call(gateway, exchange, form, std::move(model));
}

Awaitable<void> embeddings(Gateway& gateway, http::Exchange& exchange, std::string model) {
    EmbeddingForm form;
    co_await serve_call(gateway, exchange, form, std::move(model));
}

Awaitable<void> responses(Gateway& gateway, http::Exchange& exchange, std::string) {
    ResponsesForm form;
    co_await serve_call(gateway, exchange, form, "");
}

Awaitable<void> image_generations(Gateway& gateway, http::Exchange& exchange, std::string model) {
    PassForm form(kImageGeneration);
    co_await serve_call(gateway, exchange, form, std::move(model));
}

Awaitable<void> image_edits(Gateway& gateway, http::Exchange& exchange, std::string model) {
    PassForm form(kImageEdit);
    co_await serve_call(gateway, exchange, form, std::move(model));
}

Awaitable<void> transcriptions(Gateway& gateway, http::Exchange& exchange, std::string model) {
    PassForm form(kTranscription);
    co_await serve_call(gateway, exchange, form, std::move(model));
}

Awaitable<void> translations(Gateway& gateway, http::Exchange& exchange, std::string model) {
    PassForm form(kTranslation);
    co_await serve_call(gateway, exchange, form, std::move(model));
}

Awaitable<void> speech(Gateway& gateway, http::Exchange& exchange, std::string model) {
    PassForm form(kSpeech);
    co_await serve_call(gateway, exchange, form, std::move(model));
}

Awaitable<void> moderations(Gateway& gateway, http::Exchange& exchange, std::string model) {
    PassForm form(kModeration);
    co_await serve_call(gateway, exchange, form, std::move(model));
}

Awaitable<void> rerank(Gateway& gateway, http::Exchange& exchange, std::string model) {
    PassForm form(kRerank);
    co_await serve_call(gateway, exchange, form, std::move(model));
}

}  // namespace seance::litellm
