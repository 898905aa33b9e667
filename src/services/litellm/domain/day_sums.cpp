#include "services/litellm/domain/day_sums.hpp"

namespace seance::litellm {

void SpendSum::add(const SpendSum& other) {
    spend += other.spend;
    requests += other.requests;
    prompt += other.prompt;
    completion += other.completion;
    failures += other.failures;
    cache_hits += other.cache_hits;
}

void DaySums::add(std::string_view field, std::int64_t value) {
    auto first = field.find('|'), last = field.rfind('|');
    if (first == std::string_view::npos || last <= first || last + 2 != field.size()) return;
    auto& sum =
        sums_[std::string(field.substr(0, first))][std::string(field.substr(first + 1, last - first - 1))];
    switch (field.back()) {
        case 's':
            sum.spend += value;
            break;
        case 'r':
            sum.requests += value;
            break;
        case 'i':
            sum.prompt += value;
            break;
        case 't':
            sum.completion += value;
            break;
        case 'f':
            sum.failures += value;
            break;
        case 'h':
            sum.cache_hits += value;
            break;
        default:
            break;
    }
}

void DaySums::add(const DaySums& other) {
    for (auto& [kind, ids] : other.sums_)
        for (auto& [id, sum] : ids) sums_[kind][id].add(sum);
}

const std::map<std::string, SpendSum, std::less<>>& DaySums::of(std::string_view kind) const {
    static const std::map<std::string, SpendSum, std::less<>> none;
    auto found = sums_.find(kind);
    return found == sums_.end() ? none : found->second;
}

SpendSum DaySums::all() const {
    auto& one = of("all");
    return one.empty() ? SpendSum{} : one.begin()->second;
}

}  // namespace seance::litellm
