#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seance::litellm {

// Wildcard names (reference, section 3): each "*" is a run of any characters, the match is anchored at the
// start only. Gives what the stars stand for, each as long as possible, left to right.
std::optional<std::vector<std::string>> match_pattern(std::string_view pattern, std::string_view name);

// The model to call for captured parts: stars filled left to right; more captures than stars: the name as
// requested; no star: the model as written.
std::string fill_pattern(std::string_view model, const std::vector<std::string>& captures,
                         std::string_view requested);

// True if `a` is tried before `b`: longer first, then more special characters.
bool more_specific(std::string_view a, std::string_view b);

inline bool is_pattern(std::string_view name) {
    return name.find('*') != std::string_view::npos;
}

}  // namespace seance::litellm
