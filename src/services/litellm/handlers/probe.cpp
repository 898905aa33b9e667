#include "services/litellm/handlers/probe.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/forms/completion_form.hpp"
#include "services/litellm/domain/forms/embedding_form.hpp"
#include "services/litellm/domain/forms/responses_form.hpp"
#include "services/litellm/handlers/relay.hpp"

namespace seance::litellm {
namespace {

constexpr std::uint64_t kMostAnswer = 4 << 20;

struct Probe {
    std::unique_ptr<ClientForm> form;
    std::string body;
};

// How a client would ask for what the deployment's mode is for, as briefly as can be.
std::optional<Probe> probe(const Deployment& deployment) {
    auto tokens = deployment.health_check_max_tokens;
    auto& mode = deployment.mode;
    if (mode == "chat" || mode.empty())
        return Probe{
            std::make_unique<ChatForm>(),
            fmt::format("{{\"messages\":[{{\"role\":\"user\",\"content\":\"Say hi\"}}],\"max_tokens\":{}}}",
                        tokens)};
    if (mode == "completion")
        return Probe{std::make_unique<CompletionForm>(),
                     fmt::format("{{\"prompt\":\"Say hi\",\"max_tokens\":{}}}", tokens)};
    if (mode == "responses")
        return Probe{std::make_unique<ResponsesForm>(), "{\"input\":\"Say hi\",\"store\":false}"};
    if (mode == "embedding") return Probe{std::make_unique<EmbeddingForm>(), "{\"input\":[\"hi\"]}"};
    if (mode == "moderation") return Probe{std::make_unique<PassForm>(kModeration), "{\"input\":\"hi\"}"};
    if (mode == "rerank")
        return Probe{std::make_unique<PassForm>(kRerank), "{\"query\":\"hi\",\"documents\":[\"hi\"]}"};
    if (mode == "image_generation")
        return Probe{std::make_unique<PassForm>(kImageGeneration), "{\"prompt\":\"a dot\",\"n\":1}"};
    if (mode == "audio_speech")
        return Probe{std::make_unique<PassForm>(kSpeech), "{\"input\":\"hi\",\"voice\":\"alloy\"}"};
    return std::nullopt;
}

}  // namespace

Awaitable<std::optional<std::string>> ask_briefly(Gateway& gateway, const ModelTable& models,
                                                  const Deployment& deployment, const Endpoint& endpoint,
                                                  std::string model, std::shared_ptr<CallScope> scope) {
    auto& config = models.config();
    auto made = probe(deployment);
    if (!made) co_return fmt::format("models of mode \"{}\" are not checked yet", deployment.mode);
    auto request = made->form->parse(std::move(made->body), {}, model, config);
    if (!request) co_return request.error().message;
    auto now =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    AnswerContext context{endpoint.provider, endpoint.key, model, "chatcmpl-health", now};
    Destination to{endpoint, deployment, config};
    auto dialogue = made->form->begin(*request, to, context);
    if (!dialogue) co_return dialogue.error().message;
    auto call = (*dialogue)->call();
    if (!call) co_return call.error().message;
    auto limit = deployment.health_check_timeout;
    std::optional<OpenUpstream> open;
    auto asked = std::make_unique<UpstreamCall>(std::move(*call));
    if (auto failure = co_await open_upstream(gateway, scope, std::move(asked), **dialogue,
                                              *endpoint.provider, limit, open))
        co_return failure->message;
    auto body = co_await read_rest(scope, open->stream, *endpoint.provider, limit, kMostAnswer);
    if (!body) co_return body.error().message;
    if ((*dialogue)->opaque(open->fields.get("Content-Type"))) co_return std::nullopt;
    auto answer = (*dialogue)->whole(*body);
    if (!answer) co_return answer.error().message;
    co_return std::nullopt;
}

}  // namespace seance::litellm
