#include "services/litellm/domain/forms/anthropic_form.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/chat_dialogue.hpp"
#include "services/litellm/domain/forms/anthropic_request.hpp"
#include "services/litellm/domain/local_answer.hpp"
#include "services/litellm/domain/request_rules.hpp"
#include "services/litellm/domain/wires/anthropic_native.hpp"
#include "services/litellm/domain/wires/bedrock_native.hpp"
#include "services/litellm/domain/wires/bedrock_request.hpp"

namespace seance::litellm {
namespace {

bool is_openai_itself(const Provider& provider) {
    return provider.prefix == "openai" || provider.prefix == "azure";
}

bool is_reasoning_model(std::string_view model) {
    for (std::string_view family : {"o1", "o3", "o4", "gpt-5"})
        if (model.starts_with(family)) return true;
    return false;
}

// What an upstream can be told of a request in Anthropic's form.
FromAnthropic options_for(const Endpoint& endpoint) {
    auto& provider = *endpoint.provider;
    FromAnthropic options;
    options.web_search = provider.wire == WireKind::Gemini;
    options.rich = provider.wire == WireKind::Bedrock && is_claude(endpoint.model);
    if (!speaks_openai(provider)) return options;
    // A gateway or router in front of Claude takes Claude's own marks.
    options.rich = provider.prefix == "litellm_proxy" ||
                   (provider.prefix == "openrouter" && endpoint.model.find("claude") != std::string::npos);
    for (std::string_view takes : {"deepseek", "moonshot", "zai"})
        options.reasoning_content = options.reasoning_content || provider.prefix == takes;
    if (is_openai_itself(provider)) {
        options.most_user = 64;
        options.max_completion_tokens = is_reasoning_model(endpoint.model);
    }
    return options;
}

}  // namespace

Answer<ChatRequest> AnthropicForm::parse(std::string body, const http::FieldViews& fields,
                                         std::string_view path_model, const Config& config) {
    body_ = std::move(body);
    auto root = parse_json(body_);
    if (!root) return bad_request("the request body is not valid JSON (UTF-8, at most 2000 levels deep)");
    if (!root->is(JsonKind::Object)) return bad_request("the request body must be a JSON object");
    root_ = *root;
    JsonFields given(root_);
    if (auto refused = refuse_members(given.members(), config.refuse_client_tags)) return std::move(*refused);
    auto messages = given.find("messages");
    if (!messages) return bad_request("messages: Field required", "messages");
    if (!messages->is(JsonKind::Array)) return bad_request("messages: must be a list", "messages");
    for (auto& message : json_elements(*messages)) {
        JsonFields inner(message);
        auto role = inner.text("role");
        if (role != "user" && role != "assistant" && role != "system")
            return bad_request("messages: each must be an object with a role, user or assistant", "messages");
        auto content = inner.find("content");
        if (!content || !(content->is(JsonKind::String) || content->is(JsonKind::Array)))
            return bad_request("messages: each needs a content, a text or a list of blocks", "messages");
    }
    if (needs_max_tokens()) {
        auto most = given.find("max_tokens");
        if (!most) return bad_request("max_tokens: Field required", "max_tokens");
        if (given.count("max_tokens") < 1)
            return bad_request("max_tokens: must be a whole number, at least 1", "max_tokens");
    }
    auto openai = anthropic_to_openai(root_, {});
    names_ = std::move(openai.long_names);
    auto request = parse_chat_request(std::move(openai.body), fields, path_model, config);
    if (request) request->include_usage = true;  // the form has no end without it
    return request;
}

Answer<std::unique_ptr<Dialogue>> AnthropicForm::begin(const ChatRequest& request, const Destination& to,
                                                       const AnswerContext& context) {
    if (to.endpoint.provider->wire == WireKind::Anthropic)
        return std::unique_ptr<Dialogue>(
            std::make_unique<AnthropicNative>(root_, request.stream, "/v1/messages", to, context));
    if (BedrockNative::suits(to.endpoint))
        return std::unique_ptr<Dialogue>(std::make_unique<BedrockNative>(root_, request.stream, to, context));
    auto openai = anthropic_to_openai(root_, options_for(to.endpoint));
    auto adapted = parse_chat_request(std::move(openai.body), {}, request.model, to.config);
    if (!adapted) return adapted.error();
    adapted->include_usage = true;
    adapted_.push_back(std::move(*adapted));
    return std::unique_ptr<Dialogue>(std::make_unique<ChatDialogue>(*this, adapted_.back(), to, context));
}

std::string AnthropicForm::whole(std::string completion, const AnswerContext& context) const {
    return openai_to_anthropic(completion, names_, context);
}

std::unique_ptr<ClientStream> AnthropicForm::stream(const AnswerContext& context) const {
    return std::make_unique<AnthropicClientStream>(context, names_);
}

Answer<std::unique_ptr<Dialogue>> CountTokensForm::begin(const ChatRequest&, const Destination& to,
                                                         const AnswerContext& context) {
    if (to.endpoint.provider->wire == WireKind::Anthropic)
        return std::unique_ptr<Dialogue>(
            std::make_unique<AnthropicNative>(root(), false, "/v1/messages/count_tokens", to, context));
    return std::unique_ptr<Dialogue>(
        std::make_unique<LocalAnswer>(fmt::format("{{\"input_tokens\":{}}}", context.prompt_estimate)));
}

// Of a model that is answered here (mock): the count that was estimated.
std::string CountTokensForm::whole(std::string, const AnswerContext& context) const {
    return fmt::format("{{\"input_tokens\":{}}}", context.prompt_estimate);
}

}  // namespace seance::litellm
