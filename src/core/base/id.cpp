#include "core/base/id.hpp"

#include <openssl/rand.h>

#include <random>
#include <stdexcept>

#include "core/base/hash.hpp"

namespace seance {
namespace {

std::string two_words() {
    std::uint64_t words[2] = {random_number(), random_number()};
    return hex(std::string_view(reinterpret_cast<const char*>(words), sizeof words));
}

}  // namespace

std::uint64_t random_number() {
    thread_local std::mt19937_64 engine = [] {
        std::random_device device;
        std::seed_seq seed{device(), device(), device(), device()};
        return std::mt19937_64(seed);
    }();
    return engine();
}

std::string random_id() {
    return two_words();
}

std::string random_uuid() {
    std::string id = two_words();
    id[12] = '4';
    id[16] = "89ab"[random_number() & 3];
    for (std::size_t at : {8u, 13u, 18u, 23u}) id.insert(at, 1, '-');
    return id;
}

std::string random_bytes(std::size_t bytes) {
    std::string out(bytes, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(bytes)) != 1)
        throw std::runtime_error("the system's random number generator gave nothing");
    return out;
}

}  // namespace seance
