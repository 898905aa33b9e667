#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace seance::litellm {

// Routes of LiteLLM that this gateway knows and does not have: what to say of one, and where else to go.
// Nothing for other paths.
std::optional<std::string> why_unoffered(std::string_view path);

}  // namespace seance::litellm
