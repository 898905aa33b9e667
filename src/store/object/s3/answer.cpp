#include "store/object/s3/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace seance::object {
namespace {

// Text of the peer for our log: short, on one line.
std::string tame(std::string_view text) {
    std::string out(text.substr(0, 200));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return out;
}

template <std::size_t N>
bool one_of(std::string_view code, const std::array<std::string_view, N>& codes) {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

Complaint complaint(int status, std::string_view code, std::string_view message, std::string_view doing) {
    static constexpr std::array<std::string_view, 5> kPassing{
        "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted"};
    static constexpr std::array<std::string_view, 7> kCredentials{
        "SignatureDoesNotMatch", "InvalidAccessKeyId",           "AccessDenied",  "ExpiredToken",
        "InvalidToken",          "AuthorizationHeaderMalformed", "AccountProblem"};
    auto cause = code.empty() ? fmt::format("status {}", status)
                              : fmt::format("{}{}{}", tame(code), message.empty() ? "" : ": ", tame(message));
    auto make = [&](Reason reason, std::string_view finding) {
        return Complaint{{reason, fmt::format("{}: {} ({})", doing, finding, cause)}};
    };
    if (code == "NoSuchBucket")
        return make(Reason::Broken, "the bucket does not exist; check SPACES_BUCKET and SPACES_ENDPOINT");
    if (code == "RequestTimeTooSkewed") {
        auto result =
            make(Reason::Refused, "this machine's clock differs too much from the store's; set it right");
        result.clock_wrong = true;
        return result;
    }
    if (one_of(code, kPassing) || (status >= 500 && status != 501 && status != 507) || status == 429 ||
        status == 408) {
        auto result =
            make(Reason::Unavailable, "the object store is overloaded or out of order; try again later");
        result.try_again = true;
        return result;
    }
    if (code == "NoSuchKey" || code == "NoSuchUpload" || status == 404)
        return make(Reason::NotFound, "there is no such object");
    if (one_of(code, kCredentials) || status == 401 || status == 403)
        return make(Reason::Refused,
                    "the object store refused the credentials; check SPACES_ACCESS_KEY_ID, "
                    "SPACES_SECRET_ACCESS_KEY, SPACES_REGION and the key's rights");
    if (code == "QuotaExceeded" || status == 507) return make(Reason::NoSpace, "the object store is full");
    if (code == "EntityTooLarge" || status == 413)
        return make(Reason::TooLarge, "the object is larger than the store allows");
    if (code == "KeyTooLongError") return make(Reason::BadKey, "the key is longer than the store allows");
    if (status >= 300 && status < 400)
        return make(Reason::Broken,
                    "the object store sent us elsewhere; check SPACES_ENDPOINT and SPACES_REGION");
    return make(Reason::Broken, "the object store did not do it");
}

}  // namespace

Complaint complaint_of(int status, std::string_view body, std::string_view doing) {
    auto root = parse_xml(body);
    if (!root || root->name != "Error") return complaint(status, "", "", doing);
    return complaint(status, root->value("Code"), root->value("Message"), doing);
}

std::optional<Complaint> hidden_complaint(std::string_view body, std::string_view doing) {
    auto root = parse_xml(body);
    if (!root || root->name != "Error") return std::nullopt;
    return complaint(200, root->value("Code"), root->value("Message"), doing);
}

std::optional<std::chrono::system_clock::time_point> parse_http_date(std::string_view text) {
    std::tm utc{};
    std::string copy(text);
    auto* end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return std::chrono::system_clock::from_time_t(timegm(&utc));
}

std::optional<std::chrono::system_clock::time_point> parse_iso_time(std::string_view text) {
    std::tm utc{};
    std::string copy(text);
    auto* end = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
    if (end == nullptr || (*end != 'Z' && *end != '.')) return std::nullopt;
    return std::chrono::system_clock::from_time_t(timegm(&utc));
}

}  // namespace seance::object
