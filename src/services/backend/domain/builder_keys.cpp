#include "services/backend/domain/builder_keys.hpp"

#include "core/base/hash.hpp"
#include "core/base/secret.hpp"

namespace seance::backend {

bool BuilderKeys::allow(std::string_view key) const {
    auto hash = sha256_hex(key);
    bool known = false;
    for (const auto& one : hashes_) known |= equal_in_constant_time(one, hash);
    return known;
}

}  // namespace seance::backend
