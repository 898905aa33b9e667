#include "net/files/media_type.hpp"

#include "core/base/text.hpp"

namespace seance::files {
namespace {

struct Row {
    std::string_view extension;
    MediaType type;
};

constexpr bool kPacks = true;

// Common first: the table is searched in order, at start only.
constexpr Row kTypes[] = {
    {"html", {"text/html; charset=utf-8", kPacks, true}},
    {"htm", {"text/html; charset=utf-8", kPacks, true}},
    {"js", {"text/javascript; charset=utf-8", kPacks}},
    {"mjs", {"text/javascript; charset=utf-8", kPacks}},
    {"css", {"text/css; charset=utf-8", kPacks}},
    {"json", {"application/json", kPacks}},
    {"map", {"application/json", kPacks}},
    {"wasm", {"application/wasm", kPacks}},
    {"webmanifest", {"application/manifest+json", kPacks}},
    {"svg", {"image/svg+xml", kPacks}},
    {"txt", {"text/plain; charset=utf-8", kPacks}},
    {"md", {"text/markdown; charset=utf-8", kPacks}},
    {"csv", {"text/csv; charset=utf-8", kPacks}},
    {"vtt", {"text/vtt; charset=utf-8", kPacks}},
    {"yml", {"text/yaml; charset=utf-8", kPacks}},
    {"yaml", {"text/yaml; charset=utf-8", kPacks}},
    {"xml", {"application/xml", kPacks}},
    {"rss", {"application/rss+xml", kPacks}},
    {"atom", {"application/atom+xml", kPacks}},
    {"ico", {"image/x-icon", kPacks}},
    {"bmp", {"image/bmp", kPacks}},
    {"ttf", {"font/ttf", kPacks}},
    {"otf", {"font/otf", kPacks}},
    {"eot", {"application/vnd.ms-fontobject", kPacks}},
    {"woff", {"font/woff"}},
    {"woff2", {"font/woff2"}},
    {"png", {"image/png"}},
    {"jpg", {"image/jpeg"}},
    {"jpeg", {"image/jpeg"}},
    {"gif", {"image/gif"}},
    {"webp", {"image/webp"}},
    {"avif", {"image/avif"}},
    {"mp4", {"video/mp4"}},
    {"webm", {"video/webm"}},
    {"mov", {"video/quicktime"}},
    {"mp3", {"audio/mpeg"}},
    {"m4a", {"audio/mp4"}},
    {"ogg", {"audio/ogg"}},
    {"wav", {"audio/wav"}},
    {"flac", {"audio/flac"}},
    {"pdf", {"application/pdf"}},
    {"zip", {"application/zip"}},
    {"gz", {"application/gzip"}},
    {"zst", {"application/zstd"}},
};

}  // namespace

MediaType media_type(std::string_view path) {
    auto name = path.substr(path.rfind('/') + 1);
    auto dot = name.rfind('.');
    if (dot != name.npos)
        for (const auto& row : kTypes)
            if (iequals(row.extension, name.substr(dot + 1))) return row.type;
    return {"application/octet-stream"};
}

}  // namespace seance::files
