#include "platform/secrets/fingerprint.hpp"

#include <stdexcept>

#include "core/base/hash.hpp"
#include "core/base/wiped_bytes.hpp"

namespace seance::secrets {

namespace {

// With its length before it, so that no two lists of parts are written the same.
void append_part(WipedBytes& message, std::string_view part) {
    for (int shift = 56; shift >= 0; shift -= 8)
        message.push_back(static_cast<char>(static_cast<std::uint64_t>(part.size()) >> shift));
    append(message, part);
}

}  // namespace

FingerprintKey::FingerprintKey(SecretText bytes) : bytes_(std::move(bytes)) {
    if (bytes_.reveal().size() != kBytes) throw std::invalid_argument("a fingerprint key has 32 bytes");
}

std::string FingerprintKey::of(std::string_view service, std::string_view name,
                               const SecretText& value) const {
    WipedBytes message;
    append_part(message, "seance secret 1");  // what these hashes are for: the key may be used elsewhere
    append_part(message, service);
    append_part(message, name);
    append_part(message, value.reveal());
    return hex(hmac_sha256(bytes_.reveal(), text_of(message))).substr(0, 12);
}

Fingerprints fingerprints(const std::map<std::string, Variables>& values, const FingerprintKey& key) {
    Fingerprints all;
    for (const auto& [service, variables] : values)
        for (const auto& [name, value] : variables) all[service][name] = key.of(service, name, value);
    return all;
}

}  // namespace seance::secrets
