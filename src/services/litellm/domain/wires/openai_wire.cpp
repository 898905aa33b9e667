#include "services/litellm/domain/wires/openai_wire.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/upstream_body.hpp"
#include "services/litellm/domain/wires/queued_decoder.hpp"

namespace seance::litellm {
namespace {

class OpenAiDecoder final : public StreamDecoder {
  public:
    void feed(std::string_view bytes) override { events_.feed(bytes); }
    std::optional<std::string> next() override { return events_.next(); }
    std::optional<std::string> rest() override { return events_.rest(); }
    std::optional<ApiError> error() const override {
        return events_.overflowed() ? std::optional(event_too_large()) : std::nullopt;
    }

  private:
    SseParser events_;
};

}  // namespace

ApiError event_too_large() {
    return {.status = 502,
            .message = "litellm.BadGatewayError: the upstream sent an event that is too large",
            .type = "internal_server_error",
            .retryable = true};
}

ApiError broken_stream(const Provider& provider, std::string_view why) {
    return {.status = 502,
            .message = fmt::format("litellm.BadGatewayError: {}Exception - {}", provider.error_name, why),
            .type = "internal_server_error",
            .retryable = true};
}

Answer<UpstreamCall> openai_call(const Destination& to, std::string_view route, std::string body,
                                 bool stream) {
    auto call =
        make_upstream_call(to.endpoint, to.deployment, to.config, route, std::move(body), stream, to.client);
    if (!call) return bad_request(call.error().what);
    return std::move(*call);
}

Answer<UpstreamCall> OpenAiWire::call(const ChatRequest& request) {
    return openai_call(to_, "/chat/completions", upstream_body(request, to_.deployment, to_.endpoint),
                       request.stream);
}

std::unique_ptr<StreamDecoder> OpenAiWire::decoder() {
    return std::make_unique<OpenAiDecoder>();
}

ApiError OpenAiWire::error(int status, std::string_view body) const {
    return upstream_error(*context_.provider, status, body, context_.key);
}

}  // namespace seance::litellm
