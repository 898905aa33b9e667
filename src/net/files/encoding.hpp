#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace seance::files {

// In the order of preference between equals; Identity last.
enum class Coding : std::uint8_t { Brotli, Zstd, Gzip, Identity };
inline constexpr std::size_t kCodings = 4;

std::string_view name_of(Coding coding);    // "br", as in Content-Encoding
std::string_view suffix_of(Coding coding);  // ".br", of a sibling file; "" for Identity

// What a client takes, from one or more Accept-Encoding fields. Allocates nothing.
class AcceptedCodings {
  public:
    void add(std::string_view accept_encoding);

    // The best of what there is: `has(coding)` tells; Identity always exists. Highest q first, then the order
    // of the enumeration. An Identity that is not named is taken only if nothing named is there.
    template <class Has>
    Coding choose(Has has) const {
        Coding best = Coding::Identity;
        int best_quality = quality(Coding::Identity);
        for (auto coding : {Coding::Gzip, Coding::Zstd, Coding::Brotli}) {
            int q = quality(coding);
            if (q <= 0 || q < best_quality || !has(coding)) continue;
            best = coding;
            best_quality = q;
        }
        return best;
    }

  private:
    int quality(Coding coding) const;

    static constexpr int kUnnamed = -1;
    std::array<int, kCodings> named_{kUnnamed, kUnnamed, kUnnamed, kUnnamed};
    int star_ = kUnnamed;
};

}  // namespace seance::files
