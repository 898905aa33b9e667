#include "platform/plan/wanted_records.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace seance::plan {

std::string record_comment_prefix(std::string_view environment) {
    return fmt::format("seance:{}:", environment);
}

std::string record_comment(std::string_view environment, std::string_view service) {
    return record_comment_prefix(environment) + std::string(service);
}

std::vector<dns::Record> wanted_records(std::string_view environment, std::string_view service,
                                        const LiveDomain& domain) {
    std::vector<dns::Record> records;
    const auto comment = record_comment(environment, service);
    if (!domain.cname_target.empty()) {
        dns::Record record;
        record.type = dns::RecordType::Cname;
        record.name = dns::plain_name(domain.host);
        record.content = dns::plain_name(domain.cname_target);
        record.proxied = true;
        record.comment = comment;
        records.push_back(std::move(record));
    }
    if (!domain.txt_name.empty()) {
        dns::Record record;
        record.type = dns::RecordType::Txt;
        record.name = dns::plain_name(domain.txt_name);
        record.content = domain.txt_value;
        record.comment = comment + ":verify";
        records.push_back(std::move(record));
    }
    return records;
}

std::vector<dns::Record> records_by_hand(const Wanted& wanted, const Live& live,
                                         std::string_view only_service) {
    std::vector<dns::Record> records;
    for (const auto& service : wanted.services) {
        if (!only_service.empty() && only_service != service.name) continue;
        const auto* now = live.service(service.name);
        if (!now) continue;
        for (const auto& domain : now->domains) {
            const bool is_wanted =
                std::any_of(service.domains.begin(), service.domains.end(),
                            [&](const WantedDomain& one) { return one.host == domain.host; });
            if (!is_wanted || domain.verified) continue;
            for (auto& record : wanted_records(wanted.environment, service.name, domain))
                records.push_back(std::move(record));
        }
    }
    return records;
}

std::string print_records(const std::vector<dns::Record>& records) {
    std::size_t widest = 0;
    for (const auto& record : records) widest = std::max(widest, record.name.size());
    std::string out;
    for (const auto& record : records)
        out += fmt::format("{}    {:<5}  {:<{}}  {}", out.empty() ? "" : "\n", dns::spelling(record.type),
                           record.name, widest, record.content);
    return out;
}

}  // namespace seance::plan
