#include "net/aws/sigv4.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "core/base/hash.hpp"
#include "core/base/text.hpp"
#include "net/http/message.hpp"

namespace seance::aws {
namespace {

std::string_view as_text(const Sha256Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string canonical_query(const Pairs& query) {
    Pairs encoded;
    for (const auto& [name, value] : query)
        encoded.emplace_back(http::percent_encode(name), http::percent_encode(value));
    std::sort(encoded.begin(), encoded.end());
    std::string text;
    for (const auto& [name, value] : encoded) {
        if (!text.empty()) text += '&';
        text += name + '=' + value;
    }
    return text;
}

// Trimmed, and runs of spaces within made one.
std::string canonical_value(std::string_view value) {
    std::string text;
    for (char c : trim(value))
        if (c != ' ' || text.back() != ' ') text += c;
    return text;
}

Pairs canonical_headers(const Pairs& headers) {
    Pairs canonical;
    for (const auto& [name, value] : headers) canonical.emplace_back(lower(name), canonical_value(value));
    std::stable_sort(canonical.begin(), canonical.end(), [](auto& a, auto& b) { return a.first < b.first; });
    return canonical;
}

std::string signed_names(const Pairs& canonical) {
    std::string names;
    for (const auto& [name, value] : canonical) names += (names.empty() ? "" : ";") + name;
    return names;
}

std::string scope(const Signable& request, const Credentials& credentials, WallTime time) {
    return fmt::format("{}/{}/{}/aws4_request", amz_date(time).substr(0, 8), credentials.region,
                       request.service);
}

std::string encoded_path(const Signable& request) {
    return request.path_is_encoded ? request.path : http::percent_encode(request.path, true);
}

// S3 signs a path as it is sent; all others encode it once more.
std::string canonical_path(const Signable& request) {
    auto path = encoded_path(request);
    return request.service == "s3" ? path : http::percent_encode(path, true);
}

std::string signature(const Signable& request, const Credentials& credentials, WallTime time) {
    auto text = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", amz_date(time), scope(request, credentials, time),
                            sha256_hex(canonical_request(request)));
    auto key = hmac_sha256("AWS4" + credentials.secret.reveal(), amz_date(time).substr(0, 8));
    for (std::string_view part : {std::string_view(credentials.region), std::string_view(request.service),
                                  std::string_view("aws4_request")})
        key = hmac_sha256(as_text(key), part);
    return hex(hmac_sha256(as_text(key), text));
}

}  // namespace

std::string amz_date(WallTime time) {
    auto seconds = std::chrono::system_clock::to_time_t(time);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                       utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string encoded_target(const Signable& request) {
    auto target = encoded_path(request);
    if (!request.query.empty()) target += '?' + canonical_query(request.query);
    return target;
}

std::string canonical_request(const Signable& request) {
    auto headers = canonical_headers(request.headers);
    auto text =
        fmt::format("{}\n{}\n{}\n", request.method, canonical_path(request), canonical_query(request.query));
    for (const auto& [name, value] : headers) text += name + ':' + value + '\n';
    return text + '\n' + signed_names(headers) + '\n' + request.payload_hash;
}

std::string authorization(const Signable& request, const Credentials& credentials, WallTime time) {
    return fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}", credentials.id,
                       scope(request, credentials, time), signed_names(canonical_headers(request.headers)),
                       signature(request, credentials, time));
}

std::string presigned_target(Signable request, const Credentials& credentials, WallTime time,
                             std::chrono::seconds lifetime) {
    request.payload_hash = kUnsignedPayload;
    request.query.emplace_back("X-Amz-Algorithm", "AWS4-HMAC-SHA256");
    request.query.emplace_back("X-Amz-Credential", credentials.id + '/' + scope(request, credentials, time));
    request.query.emplace_back("X-Amz-Date", amz_date(time));
    request.query.emplace_back("X-Amz-Expires", std::to_string(lifetime.count()));
    request.query.emplace_back("X-Amz-SignedHeaders", signed_names(canonical_headers(request.headers)));
    return encoded_target(request) + "&X-Amz-Signature=" + signature(request, credentials, time);
}

}  // namespace seance::aws
