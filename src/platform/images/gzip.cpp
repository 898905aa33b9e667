#include "platform/images/gzip.hpp"

#include <libdeflate.h>

#include <memory>
#include <stdexcept>

namespace seance::images {
namespace {

// As small as zlib's 6 in a third of its time; 9 makes the programs 0.7 % smaller and takes three times as
// long.
constexpr int kLevel = 6;

struct Freed {
    void operator()(libdeflate_compressor* compressor) const { ::libdeflate_free_compressor(compressor); }
};

}  // namespace

std::string gzip(std::string_view data) {
    std::unique_ptr<libdeflate_compressor, Freed> compressor(::libdeflate_alloc_compressor(kLevel));
    if (!compressor) throw std::bad_alloc();
    std::string out(::libdeflate_gzip_compress_bound(compressor.get(), data.size()), '\0');
    const auto size =
        ::libdeflate_gzip_compress(compressor.get(), data.data(), data.size(), out.data(), out.size());
    if (size == 0) throw std::runtime_error("libdeflate needs more room than it said");
    out.resize(size);
    out.shrink_to_fit();
    return out;
}

}  // namespace seance::images
