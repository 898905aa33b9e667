#include "services/litellm/domain/forms/pass_form.hpp"

#include <fmt/format.h>

#include "core/base/id.hpp"
#include "core/base/text.hpp"
#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/json_edit.hpp"
#include "services/litellm/domain/multipart.hpp"
#include "services/litellm/domain/upstream_body.hpp"
#include "services/litellm/domain/wires/openai_wire.hpp"

namespace seance::litellm {
namespace {

bool is_json(std::string_view content_type) {
    return content_type.empty() || lower(content_type).starts_with("application/json");
}

class PassDialogue final : public Dialogue {
  public:
    PassDialogue(const PassRoute& route, const ChatRequest& request, std::string_view content_type,
                 const Destination& to, AnswerContext context)
        : route_(route),
          request_(request),
          content_type_(content_type),
          to_(to),
          context_(std::move(context)) {}

    Answer<UpstreamCall> call() override {
        auto body = content_type_.empty()
                        ? json_body()
                        : set_form_field(*request_.body, content_type_, "model", to_.endpoint.model);
        auto call = openai_call(to_, route_.path, std::move(body), false);
        if (!call) return call;
        if (!content_type_.empty()) call->request.fields.set("Content-Type", content_type_);
        call->request.fields.set("Accept", "*/*");
        return call;
    }

    Answer<Completion> whole(std::string_view body) override {
        auto root = parse_json(body);
        if (!root || !root->is(JsonKind::Object))
            return not_an_answer(context_, body, "the body is no JSON object");
        if (auto error = error_in_answer(*root, context_)) return *error;
        JsonEdit edit(*root);
        if (edit.has("model")) edit.set("model", json_quote(context_.model));
        auto usage = read_any_usage(edit.find("usage"), context_.prompt_estimate);
        if (&route_ == &kImageGeneration || &route_ == &kImageEdit)
            if (auto made = edit.find("data"); made && made->is(JsonKind::Array))
                usage.images = json_elements(*made).size();
        return Completion{edit.text(), usage};
    }

    std::unique_ptr<StreamRelay> stream() override { return nullptr; }  // streams are opaque, or are none
    bool is_stream(std::string_view, std::string_view) const override { return false; }
    Answer<Completion> whole_as_stream(std::string_view body) override { return whole(body); }
    ApiError error(int status, std::string_view body) const override {
        return upstream_error(*context_.provider, status, body, context_.key);
    }
    // A page of HTML is not what anyone asked for.
    bool opaque(std::string_view content_type) const override {
        return !is_json(content_type) && !lower(content_type).starts_with("text/html");
    }

  private:
    std::string json_body() const {
        auto text = native_body(request_.root, to_.deployment, to_.endpoint);
        if (knows_metadata(*to_.endpoint.provider)) return text;
        auto root = parse_json(text);
        JsonEdit edit(*root);
        edit.remove("metadata");
        return edit.text();
    }

    const PassRoute& route_;
    const ChatRequest& request_;
    std::string content_type_;
    Destination to_;
    AnswerContext context_;
};

std::string_view forced_model(const PassRoute& route, const Config& config) {
    if (&route == &kEmbedding) return config.embedding_model;
    if (&route == &kImageGeneration) return config.image_generation_model;
    if (&route == &kModeration) return config.moderation_model;
    return "";
}

}  // namespace

ApiError not_offered(const Provider& provider, std::string_view path) {
    return bad_request(
        fmt::format("litellm.BadRequestError: the provider \"{}\" does not offer {} here; name a "
                    "model of another provider",
                    provider.prefix, path),
        "model");
}

Usage read_any_usage(const std::optional<JsonValue>& usage, std::uint64_t prompt_estimate) {
    if (!usage || !usage->is(JsonKind::Object)) return {.prompt = prompt_estimate};
    auto read = read_usage(usage).value_or(Usage{});
    JsonFields fields(*usage);
    if (fields.find("input_tokens")) {
        read.prompt = fields.count("input_tokens");
        read.completion = fields.count("output_tokens");
        read.cached = JsonFields(fields.find("input_tokens_details")).count("cached_tokens");
        read.reasoning = JsonFields(fields.find("output_tokens_details")).count("reasoning_tokens");
    }
    if (read.prompt == 0) read.prompt = fields.count("total_tokens");
    return read;
}

Answer<ChatRequest> PassForm::parse(std::string body, const http::FieldViews& fields,
                                    std::string_view path_model, const Config& config) {
    auto forced = forced_model(route_, config);
    if (lower(fields.get("Content-Type")).starts_with("multipart/form-data"))
        return parse_parts(std::move(body), fields, path_model, forced, config);
    auto request = parse_call_request(std::move(body), fields, path_model, forced, config);
    if (!request) return request;
    request->prompt_estimate = 0;
    for (auto name : {route_.required, route_.also}) {
        if (name.empty()) continue;
        auto value = json_find(request->root, name);
        if (!value || value->is(JsonKind::Null))
            return bad_request(fmt::format("Missing required parameter: '{}'.", name), std::string(name));
        request->prompt_estimate += estimate_tokens(value->text);
    }
    request->stream = false;  // events are passed on like any other bytes
    return request;
}

Answer<ChatRequest> PassForm::parse_parts(std::string body, const http::FieldViews& fields,
                                          std::string_view path_model, std::string_view forced,
                                          const Config& config) {
    content_type_ = fields.get("Content-Type");
    auto parts = parse_multipart(body, content_type_);
    if (!parts) return bad_request("the request body is no valid multipart/form-data, or is cut off");
    std::string model, prompt;
    for (auto& part : *parts) {
        if (part.is_file) continue;
        if (part.name == "model") model = part.value;
        if (part.name == "prompt") prompt = part.value;
    }
    if (!path_model.empty()) model = path_model;
    auto request = parse_call_request("{}", fields, model, forced, config);
    if (!request) return request;
    request->body = std::make_unique<const std::string>(std::move(body));
    // What identifies a request by its JSON (the response cache) must not take two files for the same.
    stand_in_ = fmt::format("{{\"multipart\":\"{}\"}}", random_id());
    request->root = *parse_json(stand_in_);
    request->prompt_estimate = estimate_tokens(prompt);
    return request;
}

Answer<std::unique_ptr<Dialogue>> PassForm::begin(const ChatRequest& request, const Destination& to,
                                                  const AnswerContext& context) {
    auto& provider = *to.endpoint.provider;
    if (!speaks_openai(provider) && provider.wire != WireKind::TextCompletion)
        return not_offered(provider, route_.path);
    return std::unique_ptr<Dialogue>(
        std::make_unique<PassDialogue>(route_, request, content_type_, to, context));
}

std::string PassForm::whole(std::string completion, const AnswerContext&) const {
    return completion;
}

std::unique_ptr<ClientStream> PassForm::stream(const AnswerContext& context) const {
    return ChatForm().stream(context);
}

}  // namespace seance::litellm
