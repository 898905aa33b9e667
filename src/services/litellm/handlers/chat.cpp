#include <fmt/format.h>

#include "services/litellm/domain/access.hpp"
#include "services/litellm/domain/end_user.hpp"
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
    reply_error(exchange, error, form.error_body(error));
}

// Counts while it lives.
struct Flight {
    observe::Gauge& gauge;
    explicit Flight(observe::Gauge& g) : gauge(g) { gauge.add(1); }
    ~Flight() { gauge.add(-1); }
};

// A call that may go on: read, admitted, and not in the cache. Nothing if it has been answered. `lead` lives
// as long as the call. `model`: of the path, or "".
Awaitable<std::unique_ptr<ChatCall>> prepare_call(Gateway& gateway, http::Exchange& exchange,
                                                  ClientForm& form, std::string model,
                                                  std::unique_ptr<AnswerCache::Lead>& lead) {
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
        co_return nullptr;  // the server answers the others
    }
    auto request = form.parse(std::move(*body), exchange.head().fields, model, config);
    if (!request) {
        refuse(gateway, exchange, form, request.error());
        co_return nullptr;
    }
    if (config.enforce_user && end_user_of(exchange.head().fields, request->root).empty()) {
        auto error = bad_request("'user' param not passed in. 'enforce_user_param'=True", "user");
        refuse(gateway, exchange, form, error);
        co_return nullptr;
    }
    auto client = client_address(config, exchange.peer_address(), exchange.head().fields);
    Ask ask{form.call_type(), request->model, request->root, request->prompt_estimate, client};
    auto admission = co_await gateway.ledger().admit(exchange.head(), call_id(exchange.head()), ask, models);
    if (auto& error = admission->refusal()) {
        gateway.refused.add();
        auto fields = common_fields(exchange.head(), admission->call_id());
        admission->add_fields(fields, std::nullopt);
        exchange.log_fields(admission->log_fields());
        reply_error(exchange, *error, form.error_body(*error), std::move(fields));
        co_return nullptr;
    }
    if (!admission->may_mock()) request->mock_response.reset();
    if (co_await answer_from_cache(gateway, exchange, form, *request, *admission, lead)) co_return nullptr;
    co_return std::make_unique<ChatCall>(gateway, exchange, form, std::move(*request), models,
                                         std::move(admission));
}

Awaitable<void> serve_call(Gateway& gateway, http::Exchange& exchange, std::unique_ptr<ClientForm> form,
                           std::string model) {
    std::unique_ptr<AnswerCache::Lead> lead;
    // What that needed is gone before the call waits for its upstream.
    auto call = co_await prepare_call(gateway, exchange, *form, std::move(model), lead);
    if (!call) co_return;
    Flight flight(gateway.in_flight);
    co_await call->run();
}

template <class Form>
Awaitable<void> serve(Gateway& gateway, http::Exchange& exchange, std::string model) {
    return serve_call(gateway, exchange, std::make_unique<Form>(), std::move(model));
}

Awaitable<void> pass(Gateway& gateway, http::Exchange& exchange, std::string model, const PassRoute& route) {
    return serve_call(gateway, exchange, std::make_unique<PassForm>(route), std::move(model));
}

}  // namespace

Awaitable<void> chat_completions(Gateway& gateway, http::Exchange& exchange, std::string model) {
    return serve<ChatForm>(gateway, exchange, std::move(model));
}

// A route's handler takes its parameter by value, whether it needs one or not.
// NOLINTBEGIN(performance-unnecessary-value-param)
Awaitable<void> messages(Gateway& gateway, http::Exchange& exchange, std::string) {
    return serve<AnthropicForm>(gateway, exchange, "");
}

Awaitable<void> count_tokens(Gateway& gateway, http::Exchange& exchange, std::string) {
    return serve<CountTokensForm>(gateway, exchange, "");
}

Awaitable<void> completions(Gateway& gateway, http::Exchange& exchange, std::string model) {
    return serve<CompletionForm>(gateway, exchange, std::move(model));
}

Awaitable<void> embeddings(Gateway& gateway, http::Exchange& exchange, std::string model) {
    return serve<EmbeddingForm>(gateway, exchange, std::move(model));
}

Awaitable<void> responses(Gateway& gateway, http::Exchange& exchange, std::string) {
    return serve<ResponsesForm>(gateway, exchange, "");
}

Awaitable<void> image_generations(Gateway& gateway, http::Exchange& exchange, std::string model) {
    return pass(gateway, exchange, std::move(model), kImageGeneration);
}

Awaitable<void> image_edits(Gateway& gateway, http::Exchange& exchange, std::string model) {
    return pass(gateway, exchange, std::move(model), kImageEdit);
}

Awaitable<void> transcriptions(Gateway& gateway, http::Exchange& exchange, std::string model) {
    return pass(gateway, exchange, std::move(model), kTranscription);
}

Awaitable<void> translations(Gateway& gateway, http::Exchange& exchange, std::string model) {
    return pass(gateway, exchange, std::move(model), kTranslation);
}

Awaitable<void> speech(Gateway& gateway, http::Exchange& exchange, std::string model) {
    return pass(gateway, exchange, std::move(model), kSpeech);
}

Awaitable<void> moderations(Gateway& gateway, http::Exchange& exchange, std::string model) {
    return pass(gateway, exchange, std::move(model), kModeration);
}

Awaitable<void> rerank(Gateway& gateway, http::Exchange& exchange, std::string model) {
    return pass(gateway, exchange, std::move(model), kRerank);
}

// NOLINTEND(performance-unnecessary-value-param)

}  // namespace seance::litellm
