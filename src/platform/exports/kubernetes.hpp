#pragma once
#include "core/base/result.hpp"
#include "platform/exports/exported.hpp"

namespace seance::exports {

// One YAML file of several documents for `kubectl apply`: a namespace of the environment's own and in it, for
// each service, a Deployment and a Service; with a volume its claim, if public an Ingress, if internal a
// NetworkPolicy that lets in only who needs it. Secrets are referred to by name; the file's head lists them.
Outcome<Exported> export_kubernetes(const Request& request);

}  // namespace seance::exports
