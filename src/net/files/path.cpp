#include "net/files/path.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "net/files/quality.hpp"
#include "net/http/message.hpp"

namespace seance::files {
namespace {

constexpr std::string_view kWellKnown = "/.well-known/";

bool is_forbidden(char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || c == '\\';
}

}  // namespace

std::optional<std::string> decode_path(std::string_view path) {
    auto decoded = http::percent_decode(path);
    if (!decoded || !decoded->starts_with('/') || !is_servable_name(*decoded)) return std::nullopt;
    for (auto segment : split(*decoded, '/'))
        if (segment == "." || segment == "..") return std::nullopt;
    auto both_slashes = [](char a, char b) { return a == '/' && b == '/'; };
    decoded->erase(std::unique(decoded->begin(), decoded->end(), both_slashes), decoded->end());
    return decoded;
}

bool is_servable_name(std::string_view name) {
    return std::none_of(name.begin(), name.end(), is_forbidden) && is_utf8(name);
}

bool is_hidden(std::string_view path) {
    return path.find("/.") != path.npos && !path.starts_with(kWellKnown);
}

bool may_be_route(std::string_view path, std::string_view build_directory) {
    if (is_hidden(path) || path.starts_with(kWellKnown)) return false;
    if (!build_directory.empty() && path.starts_with(build_directory)) return false;
    while (path.ends_with('/')) path.remove_suffix(1);  // "/nope.json/" is no more a route than "/nope.json"
    auto slash = path.rfind('/');
    return path.find('.', slash == path.npos ? 0 : slash) == path.npos;
}

bool accepts_html(std::string_view accept) {
    if (trim(accept).empty()) return true;
    int best_precision = -1;
    int quality = 0;
    for_each_weighted(accept, [&](std::string_view range, int q) {
        int precision = iequals(range, "text/html") ? 2
                        : iequals(range, "text/*")  ? 1
                        : range == "*/*"            ? 0
                                                    : -1;
        if (precision < 0 || precision < best_precision) return;
        quality = precision == best_precision ? std::max(q, quality) : q;
        best_precision = precision;
    });
    return quality > 0;
}

}  // namespace seance::files
