#include "services/litellm/domain/wires/bedrock_wire.hpp"

#include <fmt/format.h>

#include "core/base/hash.hpp"
#include "net/aws/sigv4.hpp"
#include "net/http/parser.hpp"
#include "services/litellm/domain/upstream_body.hpp"
#include "services/litellm/domain/wires/aws_role.hpp"
#include "services/litellm/domain/wires/bedrock_answer.hpp"
#include "services/litellm/domain/wires/bedrock_request.hpp"

namespace seance::litellm {
namespace {

// "us-east-1", "ap-southeast-2", "us-gov-west-1"
bool is_region(std::string_view word) {
    auto dash = word.rfind('-');
    return dash != std::string_view::npos && dash + 2 == word.size() && word[dash + 1] >= '1' &&
           word[dash + 1] <= '9' && word.find('.') == std::string_view::npos && word.find('-') != dash;
}

std::string_view region_in(std::string_view model) {
    auto first = model.substr(0, model.find('/'));
    if (first == "converse" || first == "invoke") model.remove_prefix(first.size() + 1);
    first = model.substr(0, model.find('/'));
    return first.size() < model.size() && is_region(first) ? first : std::string_view{};
}

}  // namespace

std::string_view bedrock_model(std::string_view model) {
    for (std::string_view prefix : {"converse/", "invoke/"})
        if (model.starts_with(prefix)) model.remove_prefix(prefix.size());
    if (auto region = region_in(model); !region.empty()) model.remove_prefix(region.size() + 1);
    return model;
}

Outcome<void> complete_bedrock(Endpoint& endpoint, const Deployment& deployment,
                               const config::Sources& environment) {
    auto& wire = deployment.wire;
    if (!wire.aws_profile.empty())
        return Problem{
            fmt::format("the AWS profile \"{}\" holds no keys: look into ~/.aws/credentials "
                        "(AWS_SHARED_CREDENTIALS_FILE)",
                        wire.aws_profile)};
    AwsAccess access{std::string(region_in(endpoint.model)), wire.aws_id, wire.aws_secret, wire.aws_session};
    if (access.region.empty()) access.region = wire.aws_region;
    if (access.region.empty())
        access.region = first_set({"AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"}, environment);
    if (endpoint.base.empty()) endpoint.base = first_set({"AWS_BEDROCK_RUNTIME_ENDPOINT"}, environment);
    if (access.region.empty())
        return Problem{
            "the provider \"bedrock\" needs a region: set litellm_params.aws_region_name or the "
            "variable AWS_REGION"};
    if (endpoint.base.empty())
        endpoint.base = fmt::format("https://bedrock-runtime.{}.amazonaws.com", access.region);
    if (endpoint.key.empty() && access.id.empty() && access.secret.empty()) {
        endpoint.key = SecretText(first_set({"AWS_BEARER_TOKEN_BEDROCK"}, environment));
        access.id = SecretText(first_set({"AWS_ACCESS_KEY_ID"}, environment));
        access.secret = SecretText(first_set({"AWS_SECRET_ACCESS_KEY"}, environment));
        access.session = SecretText(first_set({"AWS_SESSION_TOKEN"}, environment));
    }
    if (endpoint.key.empty() && (access.id.empty() || access.secret.empty()))
        return Problem{
            "no API key: set the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
            "AWS_BEARER_TOKEN_BEDROCK"};
    if (auto& own = endpoint.key; own.empty()) access.role = find_role(wire, access.region, environment);
    endpoint.aws = std::make_shared<const AwsAccess>(std::move(access));
    return {};
}

Answer<UpstreamCall> bedrock_call(const Destination& to, std::string_view action, std::string body,
                                  std::string_view accept, std::int64_t now) {
    auto path = fmt::format("/model/{}/{}", http::percent_encode(bedrock_model(to.endpoint.model)), action);
    auto hash = sha256_hex(body);
    Headers own;
    if (auto& key = to.endpoint.key.reveal(); !key.empty())
        own.emplace_back("Authorization", "Bearer " + key);
    auto call = make_http_call(append_path(to.endpoint.base, path), to.endpoint, to.deployment, to.config,
                               std::move(body), accept, own, to.client);
    if (!call) return bad_request(call.error().what);
    auto& access = to.endpoint.aws;
    if (!to.endpoint.key.empty() || !access) return std::move(*call);

    auto time = std::chrono::system_clock::from_time_t(static_cast<std::time_t>(now));
    auto& fields = call->request.fields;
    fields.set("X-Amz-Date", aws::amz_date(time));
    fields.set("X-Amz-Content-Sha256", hash);
    aws::Signable signable;
    signable.method = "POST";
    signable.path = call->request.target.substr(0, call->request.target.find('?'));
    signable.path_is_encoded = true;
    signable.service = "bedrock";
    signable.payload_hash = hash;
    signable.headers = {{"content-type", "application/json"},
                        {"host", call->url.origin.authority()},
                        {"x-amz-content-sha256", hash},
                        {"x-amz-date", aws::amz_date(time)}};
    if (auto& token = access->session.reveal(); !token.empty()) {
        if (!http::is_field_value(token)) return bad_request("aws_session_token cannot be sent in a header");
        fields.set("X-Amz-Security-Token", token);
        signable.headers.emplace_back("x-amz-security-token", token);
    }
    aws::Credentials credentials{access->id.reveal(), access->secret, access->region};
    fields.set("Authorization", aws::authorization(signable, credentials, time));
    return std::move(*call);
}

Answer<UpstreamCall> BedrockWire::call(const ChatRequest& request) {
    auto text = prepared_request(request, to_.deployment);
    auto chat = read_openai_chat(*parse_json(text));
    if (!chat) return chat.error();
    auto& model = to_.endpoint.model;
    if (auto refused = refuse_unsupported(unsupported_by_bedrock(*chat, model), request, to_.deployment,
                                          to_.endpoint, to_.config))
        return *refused;
    auto made = make_bedrock_request(*chat, model, to_.config.modify_params);
    if (!made) return made.error();
    json_tool_ = made->json_tool;
    return bedrock_call(to_, request.stream ? "converse-stream" : "converse",
                        finish_body(std::move(made->body), to_.deployment),
                        request.stream ? "application/vnd.amazon.eventstream" : "application/json",
                        context_.created);
}

Answer<std::string> BedrockWire::completion(std::string_view body) {
    return bedrock_to_completion(body, json_tool_, context_);
}

std::unique_ptr<StreamDecoder> BedrockWire::decoder() {
    return std::make_unique<BedrockDecoder>(json_tool_, context_);
}

ApiError BedrockWire::error(int status, std::string_view body) const {
    return upstream_error(*context_.provider, status, body, context_.key);
}

}  // namespace seance::litellm
