#include "services/litellm/domain/wire.hpp"

#include "services/litellm/domain/wires/anthropic_wire.hpp"
#include "services/litellm/domain/wires/bedrock_wire.hpp"
#include "services/litellm/domain/wires/gemini_wire.hpp"
#include "services/litellm/domain/wires/ollama_wire.hpp"
#include "services/litellm/domain/wires/openai_wire.hpp"
#include "services/litellm/domain/wires/text_wire.hpp"

namespace seance::litellm {

bool Wire::is_stream(std::string_view content_type, std::string_view first_piece) const {
    return looks_like_stream(content_type, first_piece);
}

std::unique_ptr<Wire> make_wire(const Destination& to, const AnswerContext& context) {
    switch (to.endpoint.provider->wire) {
        case WireKind::Anthropic:
            return std::make_unique<AnthropicWire>(to, context);
        case WireKind::Bedrock:
            return std::make_unique<BedrockWire>(to, context);
        case WireKind::Gemini:
            return std::make_unique<GeminiWire>(to, context);
        case WireKind::Ollama:
            return std::make_unique<OllamaWire>(to, context);
        case WireKind::TextCompletion:
            return std::make_unique<TextWire>(to, context);
        default:
            return std::make_unique<OpenAiWire>(to, context);
    }
}

bool has_wire(const Provider& provider) {
    switch (provider.wire) {
        case WireKind::Anthropic:
        case WireKind::Bedrock:
        case WireKind::Gemini:
        case WireKind::Ollama:
        case WireKind::TextCompletion:
            return true;
        default:
            return speaks_openai(provider);
    }
}

}  // namespace seance::litellm
