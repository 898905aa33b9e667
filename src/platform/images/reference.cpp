#include "platform/images/reference.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "net/http/client.hpp"
#include "net/http/parser.hpp"

namespace seance::images {
namespace {

constexpr std::string_view kHub = "docker.io";
constexpr std::string_view kDigestPrefix = "sha256:";

bool is_lower_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_word(char c) {
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

// Letters and digits, with ".", "_", "__" or any number of "-" between them.
bool is_repository_part(std::string_view part) {
    if (part.empty() || !is_lower_or_digit(part.front()) || !is_lower_or_digit(part.back())) return false;
    for (std::size_t at = 0; at < part.size();) {
        if (is_lower_or_digit(part[at])) {
            ++at;
            continue;
        }
        auto end = at;
        while (!is_lower_or_digit(part[end])) ++end;  // the last character is one
        auto separator = part.substr(at, end - at);
        bool dashes = separator.find_first_not_of('-') == std::string_view::npos;
        if (separator != "." && separator != "_" && separator != "__" && !dashes) return false;
        at = end;
    }
    return true;
}

bool is_host_part(std::string_view first) {
    return first == "localhost" || first.find_first_of(".:") != std::string_view::npos;
}

Problem wrong(std::string_view text, std::string_view finding) {
    auto shown = text.substr(0, kMostReference);
    bool printable = std::all_of(shown.begin(), shown.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    return {fmt::format("the image name \"{}\" {}", printable ? shown : "…", finding)};
}

std::string repository_finding(std::string_view repository) {
    if (repository.empty()) return "has no repository; write one such as docker.io/name/app:tag";
    if (lower(repository) != repository && is_repository(lower(repository)))
        return fmt::format("has capitals in its repository; write {}", lower(repository));
    return "has a repository that registries refuse; use lower-case letters and digits, with . _ __ or - "
           "between them, in parts joined by /";
}

}  // namespace

bool is_digest(std::string_view text) {
    if (!text.starts_with(kDigestPrefix)) return false;
    auto digits = text.substr(kDigestPrefix.size());
    return digits.size() == 64 && std::all_of(digits.begin(), digits.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

bool is_tag(std::string_view text) {
    return !text.empty() && text.size() <= kMostTag && is_word(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

bool is_repository(std::string_view text) {
    if (text.size() > kMostRepository) return false;
    for (auto part : split(text, '/'))
        if (!is_repository_part(part)) return false;
    return true;
}

Outcome<Reference> parse_reference(std::string_view text) {
    if (text.size() > kMostReference)
        return wrong(text, fmt::format("is longer than {} characters", kMostReference));
    Reference out;
    auto rest = text;
    if (auto at = rest.find('@'); at != std::string_view::npos) {
        out.digest = rest.substr(at + 1);
        rest = rest.substr(0, at);
        if (!is_digest(out.digest))
            return wrong(text, "has a digest that is not sha256: and 64 lower-case hex digits");
    }
    if (auto slash = rest.find('/'); slash != std::string_view::npos && is_host_part(rest.substr(0, slash))) {
        out.host = lower(rest.substr(0, slash));
        rest.remove_prefix(slash + 1);
        if (!http::is_host(out.host) || !http::parse_url("http://" + out.host))
            return wrong(text, "begins with a host that cannot be one; write host or host:port");
    }
    if (auto colon = rest.rfind(':'); colon != std::string_view::npos) {
        out.tag = rest.substr(colon + 1);
        rest = rest.substr(0, colon);
        if (!is_tag(out.tag))
            return wrong(text, "has a tag that cannot be one; use up to 128 letters, digits, _ . or -");
    }
    if (out.host.empty() || out.host == "index.docker.io" || out.host == "registry-1.docker.io")
        out.host = kHub;
    out.repository = rest;
    if (out.host == kHub && !rest.empty() && rest.find('/') == std::string_view::npos)
        out.repository = "library/" + out.repository;
    if (out.repository.size() > kMostRepository)
        return wrong(text, fmt::format("has a repository longer than {} characters", kMostRepository));
    if (!is_repository(out.repository)) return wrong(text, repository_finding(out.repository));
    return out;
}

std::string Reference::api_host() const {
    return host == kHub ? "registry-1.docker.io" : host;
}

std::string Reference::credential_key() const {
    return host == kHub ? "https://index.docker.io/v1/" : host;
}

std::string_view Reference::manifest_name() const {
    if (!digest.empty()) return digest;
    return tag.empty() ? std::string_view("latest") : std::string_view(tag);
}

std::string Reference::name() const {
    return host + '/' + repository;
}

std::string Reference::text() const {
    auto out = name();
    if (!tag.empty()) out += ':' + tag;
    if (!digest.empty()) out += '@' + digest;
    return out;
}

}  // namespace seance::images
