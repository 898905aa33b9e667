#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "net/proxy/trusted_client.hpp"
#include "services/litellm/config/ledger_config.hpp"
#include "services/litellm/config/node.hpp"
#include "services/litellm/domain/deployment.hpp"
#include "services/litellm/domain/pass_through.hpp"
#include "services/litellm/routing/settings.hpp"

namespace seance::litellm {

class PriceTable;

// The kinds of alerts that are told, by LiteLLM's names.
inline constexpr std::string_view kBudgetAlerts = "budget_alerts", kCooldownAlerts = "cooldown_deployment",
                                  kSlowAlerts = "llm_too_slow";

struct Alias {
    std::string name, target;
    bool hidden = false;
};

// LiteLLM's config.yaml, read and resolved. Never changed once made: requests share it.
struct Config {
    std::vector<std::shared_ptr<const Deployment>> deployments;  // in the order of the file
    std::vector<Alias> aliases;

    SecretText master_key;
    std::string master_key_problem;  // a master key is asked for but has no value
    std::string other_auth;          // a check of clients that is asked for and is not done here
    std::string completion_model, embedding_model, image_generation_model, moderation_model;
    std::string key_header;
    std::vector<std::string> public_routes, admin_only_routes;
    std::optional<std::vector<std::string>> allowed_routes;  // nothing: all
    std::optional<proxy::Networks> allowed_addresses;        // nothing: all
    bool use_forwarded_for = false;                          // X-Forwarded-For of a proxy nearby is believed
    bool enforce_user = false;                               // a call names its end user
    bool refuse_client_tags = false;                         // tags are those of keys and teams alone
    std::uint64_t max_body = 64 << 20;
    std::uint64_t max_answer = 64 << 20;
    bool always_include_usage = false;
    bool check_schemas = false;        // of answers, where the request holds one
    bool say_cost_of_streams = false;  // usage.cost at their end
    bool forward_client_headers = false, forward_organization = false;
    bool health_details = true;
    bool drop_params = false, modify_params = false;  // of requests, for providers of another form

    SharedLink link = std::make_shared<const UpstreamLink>();  // to upstreams that say nothing else
    std::vector<PassThroughEndpoint> pass_through;
    LedgerConfig ledger;
    std::shared_ptr<const PriceTable> ledger_prices;  // replaces the built-in table; null: it does not
    RoutingSettings routing;
    // Spent on each provider with a budget; survives reloads.
    std::map<std::string, std::shared_ptr<SpendWindow>, std::less<>> provider_spend;
    // Where alerts go, by kind; the addresses are secrets.
    std::map<std::string, std::vector<SecretText>, std::less<>> alerts;
    Duration slow_after = std::chrono::seconds(300);  // calls that take longer are alerts; alerting_threshold
    bool public_metrics = false;                      // /metrics needs no key
    std::vector<std::string> callbacks;               // success_callback, failure_callback and callbacks
    bool background_health_checks = false;
    Duration health_check_interval = std::chrono::seconds(300);

    config::Sources environment;  // with environment_variables
    Notes notes;
    std::set<std::string> told_unpriced;  // "openai/gpt-x": of these the notes say that no price is known
    bool empty = false;                   // the file holds nothing at all
    std::vector<std::string> files;       // that were read, the including one first
    std::map<std::string, std::string> fingerprints;  // of each setting by its path, to tell what changed
};

// Gives the text of a file, or the sentence that says why not.
using ReadFile = std::function<Outcome<std::string>(const std::string& path)>;

// Reads `path` and what it includes. Fails only if a file cannot be read or is not YAML, or a variable is a
// count of nothing.
Outcome<Config> read_config(const std::string& path, const ReadFile& read_file, config::Sources environment);
Outcome<std::string> read_file_from_disk(const std::string& path);

// One line for each deployment that cannot be called, such as a missing key.
std::vector<std::string> unusable_deployments(const Config& config);

// Seconds, as LiteLLM writes times; nothing unless positive and below ten years.
std::optional<Duration> seconds_to_duration(double seconds);

}  // namespace seance::litellm
