#pragma once
#include "core/base/result.hpp"
#include "platform/exports/exported.hpp"

namespace seance::exports {

// main.tf.json for OpenTofu (or Terraform): services, variables and domains on Railway, their DNS records at
// Cloudflare, the bucket and CDN at DigitalOcean. Secrets are variables marked sensitive, without a value;
// the providers' tokens come from the environment.
Outcome<Exported> export_tofu(const Request& request);

}  // namespace seance::exports
