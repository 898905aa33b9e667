#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "core/observe/metrics.hpp"
#include "net/http/server.hpp"
#include "services/litellm/alerts.hpp"
#include "services/litellm/config_source.hpp"
#include "services/litellm/domain/api_error.hpp"
#include "services/litellm/domain/model_table.hpp"
#include "services/litellm/handlers/aws_roles.hpp"
#include "services/litellm/handlers/call_metrics.hpp"
#include "services/litellm/handlers/upstream_clients.hpp"
#include "services/litellm/ledger/ledger.hpp"
#include "services/litellm/settings.hpp"

namespace seance::litellm {

// The LiteLLM release whose behaviour this gateway reproduces, with our commit.
const std::string& gateway_version();

// What the requests of one loop share. A request keeps the snapshot it began with, so that a reload changes
// only what comes after it.
class Gateway {
  public:
    // `first`: the loop of several that does what one of them has to do.
    Gateway(Loop& loop, const Settings& settings, const ConfigSource& source, bool first);

    std::shared_ptr<const ModelTable> models() const { return models_; }
    void replace(std::shared_ptr<const ModelTable> models) {
        models_ = std::move(models);
        ledger_->replace(models_);
        clients_.keep_only(models_->config());
    }
    Ledger& ledger() { return *ledger_; }
    std::shared_ptr<http::Client> client(const UpstreamLink& link) { return clients_.of(link); }
    AwsRoles& roles() { return roles_; }
    Alerts& alerts() { return *alerts_; }
    Loop& loop() { return loop_; }
    const ConfigSource& source() const { return source_; }
    const Settings& settings() const { return settings_; }

    CallMetrics call_metrics;
    const bool detailed_timing;  // LITELLM_DETAILED_TIMING: timing headers by phase
    observe::Gauge& in_flight;
    observe::Counter &answered, &refused, &failed, &abandoned, &upstream_failures;

  private:
    Loop& loop_;
    Settings settings_;
    const ConfigSource& source_;
    std::shared_ptr<const ModelTable> models_;
    UpstreamClients clients_;
    AwsRoles roles_;
    std::shared_ptr<Alerts> alerts_;
    std::shared_ptr<Ledger> ledger_;
};

// x-litellm-call-id as the client sent it, or a new one.
std::string call_id(const http::RequestHead& head);

// What every answer carries: call id, version and permission for any web page.
http::Fields common_fields(const http::RequestHead& head, std::string_view call_id);

void reply_json(http::Exchange& exchange, int status, std::string json, http::Fields fields);
void reply_json(http::Exchange& exchange, int status, std::string json);
// The client has gone, so nobody hears this; the log and the counts say 499 instead of a failure of ours.
void reply_to_nobody(http::Exchange& exchange);
// The log line of the request says why, too.
void reply_error(http::Exchange& exchange, const ApiError& error);
void reply_error(http::Exchange& exchange, const ApiError& error, std::string body);  // in the client's form
void reply_error(http::Exchange& exchange, const ApiError& error, std::string body, http::Fields fields);

}  // namespace seance::litellm
