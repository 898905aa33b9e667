#include "platform/spaces/cors.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "store/object/s3/xml.hpp"

namespace seance::spaces {
namespace {

// How long a browser may remember the answer to its preflight: an hour, so that a changed rule is obeyed
// soon.
constexpr std::string_view kMaxAge = "<MaxAgeSeconds>3600</MaxAgeSeconds>";

bool allows_get(const object::Element& rule) {
    return std::any_of(rule.children.begin(), rule.children.end(), [](const object::Element& child) {
        return child.name == "AllowedMethod" && trim(child.text) == "GET";
    });
}

}  // namespace

std::string origin_problem(std::string_view origin) {
    if (origin == "*") return {};
    if (origin.size() > 1024) return "is longer than 1024 bytes";
    for (char c : origin)
        if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f)
            return "holds a space, a control character or one beyond ASCII (write such hosts in Punycode)";
    auto scheme = origin.find("://");
    if (scheme == std::string_view::npos || scheme == 0) return "does not begin with https:// or http://";
    auto host = origin.substr(scheme + 3);
    if (host.empty()) return "names no host";
    if (host.find_first_of("/?#@") != std::string_view::npos) return "is more than scheme, host and port";
    if (std::count(origin.begin(), origin.end(), '*') > 1) return "has more than one *";
    return {};
}

std::string cors_document(const std::vector<std::string>& origins) {
    std::string out =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<CORSConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><CORSRule>";
    for (const auto& origin : origins)
        out += "<AllowedOrigin>" + object::escape_xml(origin) + "</AllowedOrigin>";
    out +=
        "<AllowedMethod>GET</AllowedMethod><AllowedMethod>HEAD</AllowedMethod><AllowedHeader>*</"
        "AllowedHeader>";
    out += kMaxAge;
    return out + "</CORSRule></CORSConfiguration>";
}

std::optional<std::vector<std::string>> readable_from(std::string_view document) {
    auto root = object::parse_xml(document);
    if (!root || root->name != "CORSConfiguration") return std::nullopt;
    std::vector<std::string> origins;
    for (const auto& rule : root->children) {
        if (rule.name != "CORSRule" || !allows_get(rule)) continue;
        for (const auto& child : rule.children) {
            if (child.name != "AllowedOrigin") continue;
            std::string origin(trim(child.text));
            if (std::find(origins.begin(), origins.end(), origin) == origins.end())
                origins.push_back(std::move(origin));
        }
    }
    return origins;
}

}  // namespace seance::spaces
