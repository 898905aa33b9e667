#pragma once
#include "core/base/result.hpp"
#include "platform/exports/exported.hpp"

namespace seance::exports {

// compose.yaml: the environment on one host with Docker, behind a proxy of that host's own. Public services
// are published on loopback; each service's secrets come from secrets/SERVICE.env beside the file.
Outcome<Exported> export_compose(const Request& request);

}  // namespace seance::exports
