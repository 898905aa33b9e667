#include "services/litellm/domain/wires/aws_role.hpp"

#include <fmt/format.h>

#include "core/base/hash.hpp"
#include "core/base/text.hpp"
#include "net/aws/sigv4.hpp"
#include "net/http/parser.hpp"

namespace seance::litellm {
namespace {

constexpr std::string_view kUsualSession = "litellm-session";
constexpr int kSeconds = 3600;  // what every role allows

std::string said(const std::string& own, const char* variable, const config::Sources& environment) {
    return own.empty() ? first_set({variable}, environment) : own;
}

std::string_view element(std::string_view xml, std::string_view name) {
    auto open = fmt::format("<{}>", name), close = fmt::format("</{}>", name);
    auto begin = xml.find(open);
    if (begin == std::string_view::npos) return {};
    auto rest = xml.substr(begin + open.size());
    auto end = rest.find(close);
    return end == std::string_view::npos ? std::string_view{} : trim(rest.substr(0, end));
}

}  // namespace

std::shared_ptr<const AwsRole> find_role(const WireSettings& wire, std::string_view region,
                                         const config::Sources& environment) {
    AwsRole role;
    role.arn = said(wire.aws_role, "AWS_ROLE_NAME", environment);
    if (role.arn.empty()) return nullptr;
    role.session_name = said(wire.aws_session_name, "AWS_SESSION_NAME", environment);
    if (role.session_name.empty()) role.session_name = kUsualSession;
    role.external_id = said(wire.aws_external_id, "AWS_EXTERNAL_ID", environment);
    role.sts = said(wire.aws_sts, "AWS_STS_ENDPOINT", environment);
    if (role.sts.empty()) role.sts = fmt::format("https://sts.{}.amazonaws.com", region);
    return std::make_shared<const AwsRole>(std::move(role));
}

Answer<UpstreamCall> assume_role_call(const AwsAccess& access, SharedLink link, std::int64_t now) {
    auto& role = *access.role;
    auto url = http::parse_url(role.sts);
    if (!url)
        return bad_request(fmt::format("aws_sts_endpoint \"{}\" is no http or https address", role.sts));
    auto time = std::chrono::system_clock::from_time_t(static_cast<std::time_t>(now));
    UpstreamCall call{*url, {}, std::move(link)};
    auto& request = call.request;
    request.method = "POST";
    request.target = call.url.target;
    request.body = fmt::format(
        "Action=AssumeRole&Version=2011-06-15&DurationSeconds={}&RoleArn={}"
        "&RoleSessionName={}",
        kSeconds, http::percent_encode(role.arn), http::percent_encode(role.session_name));
    if (!role.external_id.empty()) request.body += "&ExternalId=" + http::percent_encode(role.external_id);
    constexpr auto kType = "application/x-www-form-urlencoded; charset=utf-8";
    auto hash = sha256_hex(request.body);
    aws::Signable signable;
    signable.method = "POST";
    signable.path = request.target.substr(0, request.target.find('?'));
    signable.path_is_encoded = true;
    signable.service = "sts";
    signable.payload_hash = hash;
    signable.headers = {{"content-type", kType},
                        {"host", call.url.origin.authority()},
                        {"x-amz-content-sha256", hash},
                        {"x-amz-date", aws::amz_date(time)}};
    if (auto& token = access.session.reveal(); !token.empty()) {
        if (!http::is_field_value(token)) return bad_request("aws_session_token cannot be sent in a header");
        request.fields.set("X-Amz-Security-Token", token);
        signable.headers.emplace_back("x-amz-security-token", token);
    }
    request.fields.set("Content-Type", kType);
    request.fields.set("X-Amz-Date", aws::amz_date(time));
    request.fields.set("X-Amz-Content-Sha256", hash);
    aws::Credentials credentials{access.id.reveal(), access.secret, access.region};
    request.fields.set("Authorization", aws::authorization(signable, credentials, time));
    return call;
}

Answer<LentKeys> read_lent_keys(int status, std::string_view xml, const AwsAccess& asked) {
    auto failed = [&](std::string_view why) {
        bool theirs = status >= 500;
        return ApiError{.status = theirs ? 503 : 401,
                        .message = fmt::format(
                            "litellm.{}: BedrockException - Amazon's STS lends no keys for {}: {}",
                            theirs ? "ServiceUnavailableError" : "AuthenticationError", asked.role->arn, why),
                        .type = theirs ? "internal_server_error" : "auth_error",
                        .retryable = theirs};
    };
    if (status != 200) {
        auto code = element(xml, "Code"), message = element(xml, "Message");
        return failed(code.empty() ? fmt::format("status {}", status) : fmt::format("{}: {}", code, message));
    }
    LentKeys lent;
    lent.access.region = asked.region;
    lent.access.id = SecretText(std::string(element(xml, "AccessKeyId")));
    lent.access.secret = SecretText(std::string(element(xml, "SecretAccessKey")));
    lent.access.session = SecretText(std::string(element(xml, "SessionToken")));
    auto expires = parse_time(element(xml, "Expiration"));
    if (lent.access.id.empty() || lent.access.secret.empty() || lent.access.session.empty() || !expires)
        return failed("its answer holds no keys");
    lent.expires = *expires;
    return lent;
}

}  // namespace seance::litellm
