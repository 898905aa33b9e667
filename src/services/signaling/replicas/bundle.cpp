#include "services/signaling/replicas/bundle.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/base/text.hpp"

namespace seance::signaling {
namespace {

constexpr std::size_t kTopicDigits = 32, kMostSizeDigits = 10;

}  // namespace

void append_entry(std::string& bundle, BundleEntry entry) {
    const fmt::format_int size(entry.text.size());
    bundle += entry.topic;
    bundle.append(size.data(), size.size());
    bundle += ':';
    bundle += entry.text;
}

std::optional<BundleEntry> next_entry(std::string_view& left) {
    const auto bytes = std::exchange(left, {});
    if (bytes.size() <= kTopicDigits) return std::nullopt;
    const auto rest = bytes.substr(kTopicDigits);
    const auto colon = rest.substr(0, kMostSizeDigits + 1).find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto size = parse_number(rest.substr(0, colon));
    if (!size || *size > rest.size() - colon - 1) return std::nullopt;
    left = rest.substr(colon + 1 + *size);
    return BundleEntry{bytes.substr(0, kTopicDigits), rest.substr(colon + 1, *size)};
}

}  // namespace seance::signaling
