#pragma once
#include <string>

#include "services/litellm/handlers/gateway.hpp"

// The handlers of the route table: request in, response out. `parameter` is what the path names, or "".
namespace seance::litellm {

Awaitable<void> chat_completions(Gateway& gateway, http::Exchange& exchange, std::string model);
Awaitable<void> messages(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> completions(Gateway& gateway, http::Exchange& exchange, std::string model);
Awaitable<void> embeddings(Gateway& gateway, http::Exchange& exchange, std::string model);
Awaitable<void> responses(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> kept_response(Gateway& gateway, http::Exchange& exchange, std::string id);
Awaitable<void> forget_response(Gateway& gateway, http::Exchange& exchange, std::string id);
Awaitable<void> cancel_response(Gateway& gateway, http::Exchange& exchange, std::string id);
Awaitable<void> response_input(Gateway& gateway, http::Exchange& exchange, std::string id);
Awaitable<void> image_generations(Gateway& gateway, http::Exchange& exchange, std::string model);
Awaitable<void> image_edits(Gateway& gateway, http::Exchange& exchange, std::string model);
Awaitable<void> transcriptions(Gateway& gateway, http::Exchange& exchange, std::string model);
Awaitable<void> translations(Gateway& gateway, http::Exchange& exchange, std::string model);
Awaitable<void> speech(Gateway& gateway, http::Exchange& exchange, std::string model);
Awaitable<void> moderations(Gateway& gateway, http::Exchange& exchange, std::string model);
Awaitable<void> rerank(Gateway& gateway, http::Exchange& exchange, std::string model);
Awaitable<void> count_tokens(Gateway& gateway, http::Exchange& exchange, std::string parameter);

Awaitable<void> show_metrics(Gateway& gateway, http::Exchange& exchange, std::string parameter);
std::string render_metrics();  // Prometheus text, of all loops
Awaitable<void> pass_to_endpoint(Gateway& gateway, http::Exchange& exchange, std::string path);
Awaitable<void> refuse_unoffered(Gateway& gateway, http::Exchange& exchange, std::string path);
Awaitable<void> pass_through(Gateway& gateway, http::Exchange& exchange, std::string rest);

Awaitable<void> list_models(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> show_model(Gateway& gateway, http::Exchange& exchange, std::string model);
Awaitable<void> model_group_info(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> model_info_pages(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> token_counter(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> model_info(Gateway& gateway, http::Exchange& exchange, std::string parameter);

Awaitable<void> health(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> liveliness(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> readiness(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> health_services(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> test_connection(Gateway& gateway, http::Exchange& exchange, std::string parameter);
Awaitable<void> backlog(Gateway& gateway, http::Exchange& exchange, std::string parameter);

}  // namespace seance::litellm
