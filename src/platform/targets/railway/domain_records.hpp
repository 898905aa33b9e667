#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "platform/targets/railway/model.hpp"

namespace seance::railway {

// The two records without which a custom domain does not work. Names are complete, lower case, without a
// final dot; values are plain (a TXT without quotes).
struct NeededRecords {
    std::string cname_name, cname_target;
    // Empty if Railway has told no host or token (an already verified domain may have none).
    std::string txt_name, txt_value;
};

// `zone` is the DNS provider's real zone of the domain. A Problem if the answer names no route for traffic.
Outcome<NeededRecords> needed_records(const CustomDomain& domain, std::string_view zone);

// "railway-verify=<token>" however often the token already carries the prefix.
std::string verification_value(std::string_view token);
// A host that is relative to the zone or complete, made complete.
std::string complete_host(std::string_view host, std::string_view zone);

// What a person should know and do about a domain that does not work yet; "" if it does.
std::string domain_problem(const CustomDomain& domain);
// Whether issue_certificate() makes sense.
bool may_reissue(const CustomDomain& domain);

}  // namespace seance::railway
