#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "platform/secrets/fingerprint.hpp"

namespace seance::secrets {

// How a secret of a service stands out there, against the file.
enum class DriftState {
    Same,
    Changed,
    Missing,  // in the file, not out there
    Extra,    // out there, not in the file
    Absent,   // required, and not in the file, whatever is out there
    Unknown,  // out there, and cannot be read: a sealed variable of which no fingerprint was kept
};
std::string_view name_of(DriftState state);  // "same"

struct DriftRow {
    std::string service, name;
    DriftState state = DriftState::Same;
    std::string wanted = {}, live = {};  // fingerprints, "" where there is none
};

// A row for each name that either side has, by service and name. `live` is to hold secrets alone: variables
// that the manifest gives are no extras.
std::vector<DriftRow> drift(const Fingerprints& wanted, const Fingerprints& live);
std::vector<DriftRow> drift(const std::map<std::string, Variables>& wanted,
                            const std::map<std::string, Variables>& live, const FingerprintKey& key);

}  // namespace seance::secrets
