#include "store/object/content_type.hpp"

#include <array>
#include <string>
#include <utility>

#include "core/base/text.hpp"

namespace seance::object {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kTypes{{
    {"json", "application/json"},
    {"yml", "text/yaml"},
    {"yaml", "text/yaml"},
    {"dmg", "application/x-apple-diskimage"},
    {"html", "text/html"},
    {"js", "application/javascript"},
    {"css", "text/css"},
    {"zip", "application/zip"},
    {"xml", "application/xml"},
    {"txt", "text/plain"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"svg", "image/svg+xml"},
    {"webp", "image/webp"},
    {"woff2", "font/woff2"},
    {"wasm", "application/wasm"},
    {"deb", "application/vnd.debian.binary-package"},
}};

}  // namespace

std::string_view content_type_of(std::string_view path) {
    auto name = path.substr(path.rfind('/') + 1);
    auto dot = name.rfind('.');
    if (dot != std::string_view::npos) {
        auto ending = lower(name.substr(dot + 1));
        for (auto [known, type] : kTypes)
            if (known == ending) return type;
    }
    return "application/octet-stream";
}

}  // namespace seance::object
