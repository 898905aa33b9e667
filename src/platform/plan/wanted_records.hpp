#pragma once
#include <string>
#include <vector>

#include "platform/plan/live.hpp"

namespace seance::plan {

// Marks a record as ours: "seance:<environment>:<service>", as its comment.
std::string record_comment(std::string_view environment, std::string_view service);
std::string record_comment_prefix(std::string_view environment);

// The records that a domain of a service needs, as far as the platform has told them.
std::vector<dns::Record> wanted_records(std::string_view environment, std::string_view service,
                                        const LiveDomain& domain);

// Of the wanted public names that the platform has not verified: what a person writes at a DNS provider that
// is not ours to write to. `only_service`: "" is all of them.
std::vector<dns::Record> records_by_hand(const Wanted& wanted, const Live& live,
                                         std::string_view only_service = {});

// A line for each (none at the end), columns that line up: type, name, value, as they are copied.
std::string print_records(const std::vector<dns::Record>& records);

}  // namespace seance::plan
