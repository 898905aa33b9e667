#include "services/litellm/config/alerts_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "net/http/client.hpp"
#include "services/litellm/config/known_keys.hpp"

namespace seance::litellm {
namespace {

void read_threshold(const Node* node, Config& config) {
    auto seconds = read_number(node, config.notes);
    if (!seconds) return;
    if (*seconds > 0 && *seconds < 1e8)
        config.slow_after = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*seconds));
    else
        config.notes.errors.push_back(fmt::format(
            "{}general_settings.alerting_threshold is {}; write the seconds above which a call is "
            "slow, such as 300",
            node->place(), *seconds));
}

}  // namespace

void read_alerts(const Node& general, Config& config) {
    auto& notes = config.notes;
    auto alerting = general.find("alerting");
    bool slack = false;
    for (auto& name : read_texts(alerting, notes)) {
        slack = slack || name == "slack";
        if (name != "slack")
            notes.warnings.push_back(
                fmt::format("{}general_settings.alerting: \"{}\" is not available here; "
                            "it has no effect",
                            alerting->place(), name));
    }
    auto own = general.find("alert_to_webhook_url");
    if (!slack) {
        if (own && !own->is_null())
            notes.warnings.push_back(without_effect(*own, "general_settings.alert_to_webhook_url"));
        if (auto threshold = general.find("alerting_threshold"); threshold && !threshold->is_null())
            notes.warnings.push_back(without_effect(*threshold, "general_settings.alerting_threshold"));
        return;
    }
    auto types = general.find("alert_types");
    auto wanted = read_texts(types, notes);
    auto usual = first_set({"SLACK_WEBHOOK_URL", "ALERTING_WEBHOOK_URL"}, config.environment);
    for (auto kind : {kBudgetAlerts, kCooldownAlerts, kSlowAlerts}) {
        if (types && !types->is_null() && std::find(wanted.begin(), wanted.end(), kind) == wanted.end())
            continue;
        auto urls = read_texts(own ? own->find(kind) : nullptr, notes);
        if (urls.empty() && !usual.empty()) urls.push_back(usual);
        // An address of this kind is a secret: whoever has it may write.
        std::erase_if(urls, [&](auto& url) {
            if (http::parse_url(url)) return false;
            notes.errors.push_back(
                fmt::format("{}the address for {} is no http or https address; nothing is sent "
                            "there",
                            alerting->place(), kind));
            return true;
        });
        if (urls.empty()) continue;
        for (auto& url : urls) config.alerts[std::string(kind)].emplace_back(std::move(url));
    }
    if (config.alerts.empty())
        notes.errors.push_back(
            fmt::format("{}general_settings.alerting asks for slack, but nothing is sent: set the variable "
                        "SLACK_WEBHOOK_URL, and name budget_alerts, cooldown_deployment or llm_too_slow in "
                        "alert_types if you have any",
                        alerting->place()));
    read_threshold(general.find("alerting_threshold"), config);
}

}  // namespace seance::litellm
