#include "services/litellm/domain/forms/response_id.hpp"

#include <fmt/format.h>

#include "core/base/base64.hpp"
#include "core/base/hash.hpp"
#include "core/base/secret.hpp"

namespace seance::litellm {
namespace {

constexpr std::string_view kPrefix = "resp_";
// Hexadecimal digits of the proof: 2^96 guesses are out of reach for ids that are looked up over a network.
constexpr std::size_t kProof = 24;

std::string proof_of(const ResponseOrigin& origin, std::string_view scope, std::string_view secret) {
    auto digest =
        hmac_sha256(secret, fmt::format("response\n{}\n{}\n{}", scope, origin.deployment, origin.id));
    return hex(digest).substr(0, kProof);
}

}  // namespace

std::string seal_response_id(const ResponseOrigin& origin, std::string_view scope, std::string_view secret) {
    auto text = base64_encode(
        fmt::format("{}\n{}\n{}", proof_of(origin, scope, secret), origin.deployment, origin.id));
    while (text.ends_with('=')) text.pop_back();
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return std::string(kPrefix) + text;
}

std::optional<ResponseOrigin> open_response_id(std::string_view sealed, std::string_view scope,
                                               std::string_view secret) {
    if (!sealed.starts_with(kPrefix)) return std::nullopt;
    auto text = base64_decode(sealed.substr(kPrefix.size()));
    if (!text) return std::nullopt;
    auto first = text->find('\n'), last = text->rfind('\n');
    if (first == std::string::npos || first == last) return std::nullopt;
    ResponseOrigin origin{text->substr(first + 1, last - first - 1), text->substr(last + 1)};
    if (!equal_in_constant_time(text->substr(0, first), proof_of(origin, scope, secret))) return std::nullopt;
    return origin;
}

}  // namespace seance::litellm
