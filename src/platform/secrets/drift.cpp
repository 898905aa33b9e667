#include "platform/secrets/drift.hpp"

namespace seance::secrets {

namespace {

DriftState compare(const std::string* wanted, const std::string* live) {
    if (live == nullptr) return DriftState::Missing;
    if (wanted == nullptr) return DriftState::Extra;
    if (live->empty() || wanted->empty()) return DriftState::Unknown;
    return *wanted == *live ? DriftState::Same : DriftState::Changed;
}

}  // namespace

std::string_view name_of(DriftState state) {
    switch (state) {
        case DriftState::Same:
            return "same";
        case DriftState::Changed:
            return "changed";
        case DriftState::Missing:
            return "missing";
        case DriftState::Extra:
            return "extra";
        case DriftState::Absent:
            return "absent";
        case DriftState::Unknown:
            return "unknown";
    }
    return "";
}

std::vector<DriftRow> drift(const Fingerprints& wanted, const Fingerprints& live) {
    struct Pair {
        const std::string *wanted = nullptr, *live = nullptr;
    };
    std::map<std::pair<std::string, std::string>, Pair> pairs;
    for (const auto& [service, names] : wanted)
        for (const auto& [name, print] : names) pairs[{service, name}].wanted = &print;
    for (const auto& [service, names] : live)
        for (const auto& [name, print] : names) pairs[{service, name}].live = &print;

    std::vector<DriftRow> rows;
    rows.reserve(pairs.size());
    for (const auto& [at, pair] : pairs)
        rows.push_back({at.first, at.second, compare(pair.wanted, pair.live),
                        pair.wanted != nullptr ? *pair.wanted : "", pair.live != nullptr ? *pair.live : ""});
    return rows;
}

std::vector<DriftRow> drift(const std::map<std::string, Variables>& wanted,
                            const std::map<std::string, Variables>& live, const FingerprintKey& key) {
    return drift(fingerprints(wanted, key), fingerprints(live, key));
}

}  // namespace seance::secrets
