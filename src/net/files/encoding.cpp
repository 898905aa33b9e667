#include "net/files/encoding.hpp"

#include "core/base/text.hpp"
#include "net/files/quality.hpp"

namespace seance::files {

std::string_view name_of(Coding coding) {
    constexpr std::array<std::string_view, kCodings> kNames{"br", "zstd", "gzip", "identity"};
    return kNames[static_cast<std::size_t>(coding)];
}

std::string_view suffix_of(Coding coding) {
    constexpr std::array<std::string_view, kCodings> kSuffixes{".br", ".zst", ".gz", ""};
    return kSuffixes[static_cast<std::size_t>(coding)];
}

void AcceptedCodings::add(std::string_view accept_encoding) {
    for_each_weighted(accept_encoding, [this](std::string_view name, int q) {
        if (name == "*")
            star_ = q;
        else if (iequals(name, "gzip") || iequals(name, "x-gzip"))
            named_[static_cast<std::size_t>(Coding::Gzip)] = q;
        else if (iequals(name, "br"))
            named_[static_cast<std::size_t>(Coding::Brotli)] = q;
        else if (iequals(name, "zstd"))
            named_[static_cast<std::size_t>(Coding::Zstd)] = q;
        else if (iequals(name, "identity"))
            named_[static_cast<std::size_t>(Coding::Identity)] = q;
    });
}

int AcceptedCodings::quality(Coding coding) const {
    int named = named_[static_cast<std::size_t>(coding)];
    return named != kUnnamed ? named : star_;
}

}  // namespace seance::files
