#pragma once
#include <string>

#include "services/litellm/config/config.hpp"

namespace seance::litellm {

// `ssl_verify` says true, false or a file of certificates in PEM; `place` is where it was written. A file
// that cannot be used is an error note, and the system's certificates count.
SharedLink read_link(const std::string& ssl_verify, const std::string& place, bool ipv4_only,
                     const config::Sources& environment, const ReadFile& read_file, Notes& notes);

// A deployment with the link that its own ssl_verify means.
std::shared_ptr<const Deployment> with_own_link(const Deployment& deployment, const std::string& place,
                                                bool ipv4_only, const config::Sources& environment,
                                                const ReadFile& read_file, Notes& notes);

// litellm_settings.ssl_verify and force_ipv4, with SSL_VERIFY (which wins) and SSL_CERT_FILE of the
// environment: config.link, and the links of deployments with an ssl_verify of their own.
void read_links(const Node& litellm_settings, Config& config, const ReadFile& read_file);

}  // namespace seance::litellm
