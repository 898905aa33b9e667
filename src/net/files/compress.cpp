#include "net/files/compress.hpp"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <memory>

namespace seance::files {
namespace {

std::optional<std::string> brotli(std::string_view content) {
    std::string packed(BrotliEncoderMaxCompressedSize(content.size()), '\0');
    auto size = packed.size();
    int quality = content.size() <= kHardest ? BROTLI_MAX_QUALITY : 9;
    if (!BrotliEncoderCompress(quality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, content.size(),
                               reinterpret_cast<const std::uint8_t*>(content.data()), &size,
                               reinterpret_cast<std::uint8_t*>(packed.data())))
        return std::nullopt;
    packed.resize(size);
    return packed;
}

std::optional<std::string> zstd(std::string_view content) {
    std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
    if (!context) return std::nullopt;
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, content.size() <= kHardest ? 19 : 12);
    // RFC 9659: browsers refuse windows above 8 MiB.
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, 23);
    std::string packed(ZSTD_compressBound(content.size()), '\0');
    auto size = ZSTD_compress2(context.get(), packed.data(), packed.size(), content.data(), content.size());
    if (ZSTD_isError(size)) return std::nullopt;
    packed.resize(size);
    return packed;
}

std::optional<std::string> gzip(std::string_view content) {
    constexpr int kGzipFormat = 16;
    z_stream stream{};
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzipFormat, 9,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return std::nullopt;
    std::string packed(deflateBound(&stream, content.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    int outcome = deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    if (outcome != Z_STREAM_END) return std::nullopt;
    return packed;
}

}  // namespace

std::optional<std::string> compress(Coding coding, std::string_view content) {
    // zlib counts in 32 bits; files of this size are not held in memory anyway.
    if (content.size() >= (1U << 30)) return std::nullopt;
    switch (coding) {
        case Coding::Brotli:
            return brotli(content);
        case Coding::Zstd:
            return zstd(content);
        case Coding::Gzip:
            return gzip(content);
        case Coding::Identity:
            return std::nullopt;
    }
    return std::nullopt;
}

bool looks_like(Coding coding, std::string_view packed) {
    switch (coding) {
        case Coding::Brotli:
            return !packed.empty();
        case Coding::Zstd:
            return packed.starts_with("\x28\xb5\x2f\xfd");
        case Coding::Gzip:
            return packed.starts_with("\x1f\x8b");
        case Coding::Identity:
            return false;
    }
    return false;
}

}  // namespace seance::files
