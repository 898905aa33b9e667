#pragma once
#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "platform/plan/plan.hpp"

namespace seance::plan {

// A plan that was looked at and may be carried out later, as seance.plan/1. It holds no secret.
struct PlanFile {
    Plan plan;
    std::map<std::string, Image> images;  // by service: what was to run
    std::string secrets_sha256;           // of the secrets file as it lay there, encrypted; "" has none

    // Of all of it but the notes: another one means that something has moved since.
    std::string etag() const;
};

boost::json::object to_json(const PlanFile& file);
Outcome<PlanFile> parse_plan_file(std::string_view text);  // refuses one whose etag is not its own

}  // namespace seance::plan
