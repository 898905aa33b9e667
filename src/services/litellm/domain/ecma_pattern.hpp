#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace seance::litellm {

// A regular expression as JSON Schema means it (ECMA-262, by code points), matched in time linear in the
// text, whatever it is. What only a backtracking matcher can do is not understood: looking ahead or behind,
// and references back to a group.
class EcmaPattern {
  public:
    // Nothing: it is not understood, longer than `kMostLength`, or needs more memory than `kMostMemory`.
    static std::optional<EcmaPattern> parse(std::string_view pattern);

    bool found_in(std::string_view text) const;  // anywhere, unless it says ^ or $
    std::size_t length() const { return length_; }

    static constexpr std::size_t kMostLength = 2000;
    static constexpr std::size_t kMostMemory = 1 << 20;

  private:
    std::shared_ptr<const re2::RE2> compiled_;
    std::size_t length_ = 0;
};

// The same in RE2's words. Nothing: the two mean different things by it.
std::optional<std::string> in_words_of_re2(std::string_view pattern);

}  // namespace seance::litellm
