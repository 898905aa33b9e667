#include "platform/spaces/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/duration.hpp"
#include "platform/remote/retry.hpp"
#include "store/object/s3/answer.hpp"
#include "store/object/s3/xml.hpp"

namespace seance::spaces {
namespace {

using remote::FailureKind;
using remote::tame;
using Time = std::chrono::system_clock::time_point;

constexpr std::size_t kMostWords = 200;  // of the service, in our sentence

// S3 allows 15 minutes; a HEAD answer has no body to say so, but both have a date.
constexpr auto kMostSkew = std::chrono::minutes(15);

template <std::size_t N>
bool one_of(std::string_view word, const std::array<std::string_view, N>& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// A HEAD answer has no code: there, a 503 that names a time to come back is the same.
bool is_overload(int status, std::string_view code, const http::Fields& fields) {
    if (status == 503 && code.empty() && !fields.get("retry-after").empty()) return true;
    static constexpr std::array<std::string_view, 5> kCodes{
        "SlowDown", "TooManyRequests", "RequestLimitExceeded", "Throttling", "ThrottlingException"};
    return status == 429 || one_of(code, kCodes);
}

bool is_passing(int status, std::string_view code) {
    static constexpr std::array<std::string_view, 4> kCodes{"InternalError", "ServiceUnavailable",
                                                            "RequestTimeout", "OperationAborted"};
    return one_of(code, kCodes) || status == 408 || (status >= 500 && status != 501 && status != 505);
}

bool is_wrong_region(int status, std::string_view code) {
    static constexpr std::array<std::string_view, 7> kCodes{"PermanentRedirect",
                                                            "TemporaryRedirect",
                                                            "Redirect",
                                                            "AuthorizationHeaderMalformed",
                                                            "InvalidLocationConstraint",
                                                            "IllegalLocationConstraintException",
                                                            "InvalidRegion"};
    return one_of(code, kCodes) || (status >= 300 && status < 400);
}

// By how much the service's clock is ahead of ours; nothing if it does not say what time it has.
std::optional<Time::duration> clock_difference(const object::Element* error, const http::Fields& fields,
                                               Time now) {
    std::optional<Time> theirs;
    if (error) theirs = object::parse_iso_time(error->value("ServerTime"));
    if (!theirs) theirs = object::parse_http_date(fields.get("date"));
    if (!theirs) return std::nullopt;
    return *theirs - now;
}

std::string clock_finding(std::optional<Time::duration> difference) {
    auto finding = std::string("this machine's clock differs too much from the service's");
    if (difference) {
        auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*difference).count();
        finding = fmt::format("this machine's clock is {} s {} the service's", std::abs(seconds),
                              seconds > 0 ? "behind" : "ahead of");
    }
    return finding + "; set it right";
}

// Where the bucket really is, in the service's words.
std::string right_place(const object::Element* error, const http::Fields& fields) {
    if (auto region = fields.get("x-amz-bucket-region"); !region.empty())
        return fmt::format("; its region is {}", tame(region, kMostWords));
    if (error && !error->value("Region").empty())
        return fmt::format("; the region there is {}", tame(error->value("Region"), kMostWords));
    if (error && !error->value("Endpoint").empty())
        return fmt::format("; its address is {}", tame(error->value("Endpoint"), kMostWords));
    if (auto location = fields.get("location"); !location.empty())
        return fmt::format("; it sent us to {}", tame(location, kMostWords));
    return {};
}

std::string fewer_requests(const Question& question, std::optional<Duration> wait) {
    auto when = wait ? fmt::format("in {}", print_duration(*wait)) : std::string("in a few minutes");
    return fmt::format("{} asks for fewer requests; try again {}", question.host, when);
}

struct Finding {
    FailureKind kind;
    std::string words;
};

Finding refusal(std::string_view code, const object::Element* error, const http::Fields& fields,
                const Question& question, Time now) {
    auto difference = clock_difference(error, fields, now);
    bool skewed = difference && std::chrono::abs(*difference) > kMostSkew;
    if (code == "RequestTimeTooSkewed" || (code.empty() && skewed))
        return {FailureKind::Auth, clock_finding(difference)};
    if (code == "InvalidAccessKeyId")
        return {FailureKind::Auth,
                fmt::format(
                    "{} does not know the access key id; check SPACES_ACCESS_KEY_ID, and that the key was "
                    "not deleted",
                    question.host)};
    if (code == "SignatureDoesNotMatch")
        return {FailureKind::Auth,
                "the secret access key does not belong to the key id; check SPACES_SECRET_ACCESS_KEY"};
    if (code == "AccessDenied")
        return {FailureKind::Auth,
                fmt::format(
                    "the access key may not do this: the bucket belongs to somebody else, or the key lacks "
                    "{}",
                    question.rights)};
    return {FailureKind::Auth,
            fmt::format("{} refused it; check SPACES_ACCESS_KEY_ID, SPACES_SECRET_ACCESS_KEY, this "
                        "machine's clock, and that the key has {}",
                        question.host, question.rights)};
}

Finding finding(int status, std::string_view code, const object::Element* error, const http::Fields& fields,
                const Question& question, Time now) {
    if (is_overload(status, code, fields))
        return {FailureKind::RateLimited, fewer_requests(question, remote::retry_after(fields, now))};
    if (is_passing(status, code))
        return {FailureKind::Api,
                fmt::format("{} is overloaded or out of order; try again later", question.host)};
    if (is_wrong_region(status, code))
        return {FailureKind::User,
                fmt::format("{} is the wrong region or endpoint for the bucket {} ({}){}", question.region,
                            question.bucket, question.host, right_place(error, fields))};
    if (code == "BucketAlreadyExists")
        return {FailureKind::Auth,
                fmt::format("the name {} is taken by another account; choose another one", question.bucket)};
    if (code == "TooManyBuckets")
        return {FailureKind::User, "the account has as many buckets as it may; delete one, or ask for more"};
    if (code == "InvalidBucketName")
        return {FailureKind::User, fmt::format("{} is no name for a bucket there", question.bucket)};
    if (code == "NoSuchBucket")
        return {FailureKind::NotFound,
                fmt::format("there is no bucket {} at {}", question.bucket, question.host)};
    static constexpr std::array<std::string_view, 4> kRefusals{"RequestTimeTooSkewed", "InvalidAccessKeyId",
                                                               "SignatureDoesNotMatch", "AccessDenied"};
    if (status == 401 || status == 403 || one_of(code, kRefusals))
        return refusal(code, error, fields, question, now);
    if (status == 501 || code == "NotImplemented")
        return {FailureKind::User, fmt::format("{} does not support this call", question.host)};
    if (status == 404) return {FailureKind::NotFound, fmt::format("{} knows nothing of it", question.host)};
    return {FailureKind::Api, fmt::format("{} did not do it", question.host)};
}

}  // namespace

Judgement judge(const http::WholeResponse& answer, const Question& question, Time now) {
    auto document = object::parse_xml(answer.body);
    const auto* error = document && document->name == "Error" ? &*document : nullptr;
    Judgement out;
    out.status = answer.status;
    if (error) out.code = tame(error->value("Code"), kMostWords);
    auto message = error ? tame(error->value("Message"), kMostWords) : std::string();
    auto [kind, words] = finding(answer.status, out.code, error, answer.fields, question, now);
    out.again = is_overload(answer.status, out.code, answer.fields) || is_passing(answer.status, out.code);
    if (out.again) out.wait = remote::retry_after(answer.fields, now);

    auto cause = fmt::format("status {}", answer.status);
    if (!out.code.empty()) cause += ", " + out.code;
    if (!message.empty()) cause += ": " + message;
    out.failure.kind = kind;
    out.failure.what = fmt::format("{}: {} ({})", question.doing, words, cause);
    std::string_view trace = error ? error->value("RequestId") : std::string_view();
    if (trace.empty()) trace = answer.fields.get("x-amz-request-id");
    out.failure.trace_id = tame(trace, kMostWords);
    return out;
}

}  // namespace seance::spaces
