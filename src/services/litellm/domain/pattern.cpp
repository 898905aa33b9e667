#include "services/litellm/domain/pattern.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

std::size_t special_characters(std::string_view pattern) {
    return static_cast<std::size_t>(std::count_if(pattern.begin(), pattern.end(), [](char c) {
        return std::string_view("*+?\\^$|()").find(c) != std::string_view::npos;
    }));
}

}  // namespace

std::optional<std::vector<std::string>> match_pattern(std::string_view pattern, std::string_view name) {
    auto parts = split(pattern, '*');
    if (!name.starts_with(parts[0])) return std::nullopt;
    std::vector<std::string> captures;
    // The first star that can be longest is; so the literals are looked for from the back. A literal at the
    // very end needs no end of the name after it.
    std::vector<std::size_t> at(parts.size());
    std::size_t limit = name.size();
    for (auto i = parts.size(); i-- > 1;) {
        if (parts[i].size() > limit) return std::nullopt;
        auto found = parts[i].empty() ? limit : name.rfind(parts[i], limit - parts[i].size());
        if (found == std::string_view::npos || found < parts[0].size()) return std::nullopt;
        at[i] = found;
        limit = found;
    }
    auto begin = parts[0].size();
    for (std::size_t i = 1; i < parts.size(); ++i) {
        captures.emplace_back(name.substr(begin, at[i] - begin));
        begin = at[i] + parts[i].size();
    }
    return captures;
}

std::string fill_pattern(std::string_view model, const std::vector<std::string>& captures,
                         std::string_view requested) {
    auto stars = static_cast<std::size_t>(std::count(model.begin(), model.end(), '*'));
    if (stars == 0) return std::string(model);
    if (captures.size() > stars) return std::string(requested);
    std::string out;
    std::size_t next = 0;
    for (char c : model) {
        if (c == '*' && next < captures.size())
            out += captures[next++];
        else
            out += c;
    }
    return out;
}

bool more_specific(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return a.size() > b.size();
    return special_characters(a) > special_characters(b);
}

}  // namespace seance::litellm
