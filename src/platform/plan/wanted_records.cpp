#include "platform/plan/wanted_records.hpp"

#include <fmt/format.h>

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

}  // namespace seance::plan
