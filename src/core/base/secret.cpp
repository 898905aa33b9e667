#include "core/base/secret.hpp"

#include <openssl/crypto.h>

namespace seance {

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(void* memory, std::size_t size) noexcept {
    OPENSSL_cleanse(memory, size);
}

void wipe(std::string& text) noexcept {
    text.resize(text.capacity());  // what lies behind its end is memory of the text too; allocates nothing
    wipe(text.data(), text.size());
    text.clear();
}

}  // namespace seance
