#include "cli/remote/name_checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "platform/plan/wanted_records.hpp"

namespace seance::cli {

namespace {

CheckResult result_of(std::string service, std::string check, bool good, std::string detail) {
    CheckResult result;
    result.service = std::move(service);
    result.check = std::move(check);
    result.good = good;
    result.detail = std::move(detail);
    return result;
}

// What is wrong with the records of one name; "" if nothing is.
std::string record_trouble(const plan::Wanted& outline, const plan::Live& live, const std::string& service,
                           const plan::LiveDomain& domain) {
    if (const auto zone = live.zones.find(domain.host);
        zone != live.zones.end() && !zone->second.problem.empty())
        return zone->second.problem;
    for (const auto& record : plan::wanted_records(outline.environment, service, domain)) {
        const auto there = std::find_if(
            live.records.begin(), live.records.end(),
            [&](const dns::Record& one) { return one.name == record.name && one.type == record.type; });
        const auto what = fmt::format("{} {}", dns::spelling(record.type), record.name);
        if (there == live.records.end())
            return fmt::format("{} is missing; seance -e {} deploy writes it", what, outline.environment);
        const auto same = std::find_if(live.records.begin(), live.records.end(), [&](const dns::Record& one) {
            return dns::same_content(one, record);
        });
        if (same == live.records.end())
            return fmt::format("{} is {}, not {}", what, there->content, record.content);
        if (record.proxied.value_or(false) && !same->proxied.value_or(false))
            return fmt::format("{} is not proxied", what);
    }
    return {};
}

}  // namespace

std::vector<CheckResult> check_names(const plan::Wanted& outline, const plan::Live& live,
                                     const std::string& no_records_because) {
    std::vector<CheckResult> results;
    for (const auto& service : outline.services)
        for (const auto& wanted : service.domains) {
            const auto* now = live.service(service.name);
            const plan::LiveDomain* domain = nullptr;
            if (now)
                for (const auto& one : now->domains)
                    if (one.host == wanted.host) domain = &one;
            if (!domain) {
                results.push_back(result_of(service.name, "domain", false,
                                            fmt::format("Railway does not know {}", wanted.host)));
                continue;
            }
            results.push_back(result_of(
                service.name, "domain", domain->verified,
                domain->verified
                    ? wanted.host + " verified by Railway"
                    : fmt::format("{}; see seance -e {} domains", domain->problem, outline.environment)));
            auto records = result_of(service.name, "dns", false, no_records_because);
            if (no_records_because.empty()) {
                records.detail = record_trouble(outline, live, service.name, *domain);
                records.good = records.detail.empty();
                if (records.good) records.detail = "records at Cloudflare are as they should be";
            } else
                records.skipped = true;
            results.push_back(std::move(records));
        }
    return results;
}

std::vector<CheckResult> check_proxied(const std::vector<CheckResult>& health) {
    std::vector<CheckResult> results;
    for (const auto& one : health)
        if (one.check == "health")
            results.push_back(result_of(
                one.service, "proxied", one.cloudflare,
                one.cloudflare ? "answers come through Cloudflare" : "no answer came through Cloudflare"));
    return results;
}

}  // namespace seance::cli
