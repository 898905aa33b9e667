#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"

namespace seance {

// Memory that is wiped when it is given back, whether at the end or because its owner grows.
template <class T>
struct WipingAllocator {
    using value_type = T;

    WipingAllocator() = default;
    template <class U>
    WipingAllocator(const WipingAllocator<U>&) {}

    T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
    void deallocate(T* memory, std::size_t count) noexcept {
        wipe(static_cast<void*>(memory), count * sizeof(T));
        std::allocator<T>().deallocate(memory, count);
    }
    friend bool operator==(const WipingAllocator&, const WipingAllocator&) { return true; }
};

// For what holds secrets on its way: a decrypted file, a message to be hashed.
using WipedBytes = std::vector<char, WipingAllocator<char>>;

inline std::string_view text_of(const WipedBytes& bytes) {
    return {bytes.data(), bytes.size()};
}
inline void append(WipedBytes& bytes, std::string_view text) {
    bytes.insert(bytes.end(), text.begin(), text.end());
}

}  // namespace seance
