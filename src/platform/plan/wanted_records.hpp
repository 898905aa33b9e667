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

}  // namespace seance::plan
