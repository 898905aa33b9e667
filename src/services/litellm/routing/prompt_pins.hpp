#pragma once
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/duration.hpp"
#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {

// The beginning of a prompt, up to and including one of its parts, as a fingerprint.
struct PromptPrefix {
    std::string print;
    std::uint64_t tokens = 0;  // estimated
    bool marked = false;       // its last part says cache_control, so its upstream keeps it
    Duration kept{0};          // for how long, if marked
};

// Those of a request in OpenAI's chat form or Anthropic's messages, shortest first, up to the last part that
// is marked. Marks are no part of a fingerprint: clients move them on from turn to turn. Empty without marks.
std::vector<PromptPrefix> prompt_prefixes(const JsonValue& body);

// Which deployment has the beginning of a prompt in its provider's cache (optional_pre_call_checks:
// prompt_caching). Of this process alone; what was used least lately goes first.
class PromptPins {
  public:
    // Providers cache nothing shorter.
    static constexpr std::uint64_t kLeastTokens = 1024;
    // How many parts a provider looks back from a mark for something it has.
    static constexpr std::size_t kLookBack = 20;

    explicit PromptPins(std::size_t most = 20'000) : most_(most) {}

    void remember(const std::vector<PromptPrefix>& prefixes, const std::string& deployment, Instant now);
    // The deployment that has the longest beginning of this prompt.
    std::optional<std::string> find(const std::vector<PromptPrefix>& prefixes, Instant now);

  private:
    struct Pin {
        std::string print, deployment;
        Instant until;
    };

    // Loops share it; nobody waits for longer than a look-up takes.
    std::mutex mutex_;
    std::size_t most_;
    std::list<Pin> pins_;  // the latest first
    std::unordered_map<std::string_view, std::list<Pin>::iterator> by_print_;
};

PromptPins& prompt_pins();

}  // namespace seance::litellm
