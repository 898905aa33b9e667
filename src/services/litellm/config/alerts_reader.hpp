#pragma once
#include "services/litellm/config/config.hpp"

namespace seance::litellm {

// general_settings.alerting, alert_types and alert_to_webhook_url, with SLACK_WEBHOOK_URL of the environment.
void read_alerts(const Node& general, Config& config);

}  // namespace seance::litellm
