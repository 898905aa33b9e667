#include "platform/plan/fingerprint.hpp"

#include "core/base/hash.hpp"
#include "platform/secrets/fingerprint.hpp"

namespace seance::plan {

std::string fingerprint(const SecretText& key, std::string_view service, std::string_view name,
                        std::string_view value) {
    const auto bytes = sha256(key.reveal());
    const secrets::FingerprintKey made{SecretText(std::string(bytes.begin(), bytes.end()))};
    return made.of(service, name, SecretText(std::string(value)));
}

}  // namespace seance::plan
