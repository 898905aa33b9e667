#include "platform/targets/railway/domain_records.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "platform/remote/retry.hpp"

namespace seance::railway {
namespace {

constexpr std::string_view kPrefix = "railway-verify=";

std::string plain(std::string_view name) {
    auto out = lower(trim(name));
    while (out.ends_with('.')) out.pop_back();
    return out;
}

const DnsRecord* route(const CustomDomain& domain) {
    auto found = std::find_if(domain.dns_records.begin(), domain.dns_records.end(), [](const auto& record) {
        return record.purpose == DnsRecord::Purpose::TrafficRoute;
    });
    return found == domain.dns_records.end() ? nullptr : &*found;
}

}  // namespace

std::string verification_value(std::string_view token) {
    token = trim(token);
    while (iequals(token.substr(0, kPrefix.size()), kPrefix)) token.remove_prefix(kPrefix.size());
    return std::string(kPrefix) + std::string(token);
}

std::string complete_host(std::string_view host, std::string_view zone) {
    auto name = plain(host), within = plain(zone);
    if (name.empty() || name == "@") return within;
    if (name == within || within.empty() || name.ends_with("." + within)) return name;
    return name + "." + within;
}

Outcome<NeededRecords> needed_records(const CustomDomain& domain, std::string_view zone) {
    const auto* record = route(domain);
    if (!record || plain(record->required_value).empty())
        return Problem{
            fmt::format("Railway tells no address for {} to point to; it may still be setting the domain up: "
                        "try again shortly",
                        domain.domain)};
    if (record->type != "CNAME")
        return Problem{fmt::format(
            "Railway wants a record of type {} for {}, where a CNAME was expected; set it by hand",
            record->type.empty() ? "unknown" : record->type, domain.domain)};
    NeededRecords out;
    out.cname_name = plain(domain.domain);
    auto within = plain(zone);
    if (out.cname_name != within && !out.cname_name.ends_with("." + within))
        return Problem{fmt::format("{} is not in the zone {}", domain.domain, zone)};
    out.cname_target = plain(record->required_value);
    if (!domain.verification_host.empty() && !domain.verification_token.empty()) {
        // Relative means relative to Railway's idea of the zone, which the provider's may be a parent of.
        auto host = plain(domain.verification_host);
        bool complete = host == within || host.ends_with("." + within);
        out.txt_name = complete ? host : complete_host(host, record->zone.empty() ? zone : record->zone);
        out.txt_value = verification_value(domain.verification_token);
    }
    return out;
}

bool may_reissue(const CustomDomain& domain) {
    return domain.certificate == CertificateStatus::IssueFailed &&
           domain.certificate_retryable.value_or(true);
}

std::string domain_problem(const CustomDomain& domain) {
    const auto* record = route(domain);
    if (!domain.verified) {
        auto missing = domain.verification_host.empty()
                           ? std::string()
                           : fmt::format("; it looks for the TXT record {} with the value {}",
                                         complete_host(domain.verification_host, record ? record->zone : ""),
                                         verification_value(domain.verification_token));
        return fmt::format("Railway has not verified that {} is yours and answers 404 for it{}",
                           domain.domain, missing);
    }
    // Behind Cloudflare's proxy visitors get Cloudflare's certificate, and the CNAME is not to be seen.
    if (domain.behind_cloudflare) return {};
    if (record && record->status == DnsRecord::Status::RequiresUpdate)
        return fmt::format(
            "{} points to {}, not to {}", domain.domain,
            record->current_value.empty() ? "nothing" : remote::tame(record->current_value, 200),
            record->required_value);
    switch (domain.certificate) {
        case CertificateStatus::Valid:
        case CertificateStatus::Unknown:
            return {};
        case CertificateStatus::IssueFailed:
            return fmt::format(
                "no certificate could be had for {}{}{}; {}", domain.domain,
                domain.certificate_error.empty() ? "" : ": ", remote::tame(domain.certificate_error, 200),
                may_reissue(domain) ? "ask again for it" : "Railway will not try again by itself");
        case CertificateStatus::ValidatingOwnership:
        case CertificateStatus::Issuing:
            return fmt::format("the certificate of {} is on its way{}{}; it comes within the hour as a rule",
                               domain.domain, domain.certificate_detail.empty() ? "" : ": ",
                               lower(domain.certificate_detail));
    }
    return {};
}

}  // namespace seance::railway
