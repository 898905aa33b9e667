#include "services/litellm/domain/chunk_pattern.hpp"

#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// Where the value stands in `text`, if its member is there once: then it can be no other.
std::size_t find_once(std::string_view text, const ChunkPattern::Variable& variable) {
    const auto at = text.find(variable.segment);
    if (at == kNone || text.find(variable.segment, at + 1) != kNone) return kNone;
    return at + static_cast<std::size_t>(variable.value.data() - variable.segment.data());
}

}  // namespace

void ChunkPattern::learn(std::string_view data, std::string_view json, const Variable& first,
                         const std::optional<Variable>& second) {
    forget();
    std::array variables{&first, second ? &*second : &first};
    const std::size_t count = second ? 2 : 1;
    first_is_last_ = second && second->value.data() < first.value.data();
    if (first_is_last_) std::swap(variables[0], variables[1]);
    std::size_t in = 0, out = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto in_at = find_once(data, *variables[i]), out_at = find_once(json, *variables[i]);
        if (in_at == kNone || out_at == kNone || in_at < in || out_at < out) return;
        before_[i] = data.substr(in, in_at - in);
        after_[i] = json.substr(out, out_at - out);
        in = in_at + variables[i]->value.size();
        out = out_at + variables[i]->value.size();
    }
    before_[count] = data.substr(in);
    after_[count] = json.substr(out);
    variables_ = count;
}

std::optional<ChunkPattern::Match> ChunkPattern::match(std::string_view data) const {
    if (variables_ == 0) return std::nullopt;
    std::array<std::string_view, 2> values;
    std::size_t size = after_[variables_].size();
    auto rest = data;
    for (std::size_t i = 0; i < variables_; ++i) {
        if (!rest.starts_with(before_[i])) return std::nullopt;
        rest.remove_prefix(before_[i].size());
        const auto end = json_string_end(rest);
        if (end == kNone) return std::nullopt;
        values[i] = rest.substr(0, end);
        if (!is_utf8(values[i])) return std::nullopt;
        rest.remove_prefix(end);
        size += after_[i].size() + end;
    }
    if (rest != before_[variables_]) return std::nullopt;
    Match match;
    match.value = values[first_is_last_ ? 1 : 0];
    match.json.reserve(size);
    for (std::size_t i = 0; i < variables_; ++i) match.json.append(after_[i]).append(values[i]);
    match.json += after_[variables_];
    return match;
}

}  // namespace seance::litellm
