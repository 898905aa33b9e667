#include "platform/plan/fingerprint.hpp"

#include "core/base/hash.hpp"

namespace seance::plan {

std::string fingerprint(const SecretText& key, std::string_view service, std::string_view name,
                        std::string_view value) {
    std::string text;
    for (auto part : {service, name, value})
        text.append(std::to_string(part.size())).append(":").append(part);
    return hex(hmac_sha256(key.reveal(), text)).substr(0, 12);
}

}  // namespace seance::plan
