#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "core/base/secret.hpp"
#include "platform/secrets/bundle.hpp"

namespace seance::secrets {

// 32 random bytes. Whoever has them can try out guesses of a value against its fingerprint, so keep them as
// secret as the values; without them a fingerprint says nothing.
class FingerprintKey {
  public:
    static constexpr std::size_t kBytes = 32;
    explicit FingerprintKey(SecretText bytes);  // throws std::invalid_argument for another length

    // 12 hex digits that stand for a value under a name of a service. The same value elsewhere has another,
    // so that fingerprints do not show which secrets are equal. Two values of one name have the same by
    // chance once in 2^48.
    std::string of(std::string_view service, std::string_view name, const SecretText& value) const;

  private:
    SecretText bytes_;
};

// Service → variable → fingerprint. An empty one is of a value that is there but cannot be read.
using Fingerprints = std::map<std::string, std::map<std::string, std::string>>;

Fingerprints fingerprints(const std::map<std::string, Variables>& values, const FingerprintKey& key);

}  // namespace seance::secrets
