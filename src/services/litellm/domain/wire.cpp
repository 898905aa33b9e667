#include "services/litellm/domain/wire.hpp"

#include "services/litellm/domain/wires/openai_wire.hpp"

namespace seance::litellm {

std::unique_ptr<Wire> make_wire(const Destination& to, const AnswerContext& context) {
    return std::make_unique<OpenAiWire>(to, context);
}

bool has_wire(const Provider& provider) {
    return speaks_openai(provider);
}

}  // namespace seance::litellm
