#include "services/litellm/config/config.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/hash.hpp"
#include "core/base/text.hpp"
#include "services/litellm/config/access_reader.hpp"
#include "services/litellm/config/alerts_reader.hpp"
#include "services/litellm/config/aws_profiles.hpp"
#include "services/litellm/config/checks.hpp"
#include "services/litellm/config/deployment_reader.hpp"
#include "services/litellm/config/known_keys.hpp"
#include "services/litellm/config/link_reader.hpp"
#include "services/litellm/config/pass_through_reader.hpp"
#include "services/litellm/config/routing_reader.hpp"
#include "services/litellm/domain/price_table.hpp"
#include "services/litellm/domain/unpriced.hpp"

namespace seance::litellm {
namespace {

constexpr int kMostIncludes = 50;
constexpr std::uint64_t kMebibyte = 1 << 20;

class ConfigReader {
  public:
    ConfigReader(const ReadFile& read_file, config::Sources environment) : read_file_(read_file) {
        config_.environment = std::move(environment);
    }

    Outcome<Config> read(const std::string& path) {
        auto tree = load(path);
        if (!tree) return tree.error();
        root_ = std::move(*tree);
        config_.empty = root_.members.empty();
        export_variables();
        resolve_environment(root_, config_.environment);
        warn_about_keys(root_, "", notes());
        tell_of_guardrails(root_.find("guardrails"));
        read_general(section("general_settings"));
        auto& settings = section("litellm_settings");
        auto& router = section("router_settings");
        tell_of_old_guardrails(settings.find("guardrails"));
        read_settings(settings);
        warn_about_keys(router, "router_settings", notes());
        config_.routing = read_routing(settings, router, notes());
        auto ledger =
            read_ledger_config(section("general_settings"), settings, router, config_.environment, notes());
        if (!ledger) return ledger.error();
        config_.ledger = std::move(*ledger);
        if (auto& file = config_.ledger.price_file; !file.empty()) {
            auto text = read_file_(file);
            if (!text) return Problem{"LITELLM_MODEL_COST_MAP_FILE: " + text.error().what};
            auto prices = PriceTable::parse(*text, file);
            if (!prices) return prices.error();
            config_.ledger_prices = std::make_shared<const PriceTable>(std::move(*prices));
        }
        config_.routing.allow_mock_testing =
            read_bool(section("general_settings").find("dangerously_allow_mock_testing_request_params"),
                      notes())
                .value_or(false);
        for (auto& [provider, budget] : config_.routing.provider_budgets)
            config_.provider_spend[provider] = std::make_shared<SpendWindow>();
        read_router(router);
        auto credentials = read_credentials();
        std::vector<std::string> places;
        if (auto list = root_.find("model_list")) {
            if (!list->is_null() && !list->is_list())
                notes().faults.push_back(fmt::format("{}model_list must be a list", list->place()));
            auto defaults = section("router_settings").find("default_litellm_params");
            config_.deployments = read_deployments(*list, defaults, credentials, notes(), &places);
            for (auto& deployment : config_.deployments) {
                deployment->state->latency.resize(config_.routing.latency_samples);
                deployment->state->first_token.resize(config_.routing.latency_samples);
            }
        }
        use_aws_profiles(config_, read_file_);
        read_links(settings, config_, read_file_);
        check_variables(root_, notes());
        check_replaced_keys(config_, notes());
        for (auto& [model, sentence] : unpriced_models(config_, places)) {
            notes().warnings.push_back(std::move(sentence));
            config_.told_unpriced.insert(std::move(model));
        }
        take_fingerprints();
        return std::move(config_);
    }

  private:
    Notes& notes() { return config_.notes; }

    // The file with everything it includes; the including file wins.
    Outcome<Node> load(const std::string& path) {
        if (++files_ > kMostIncludes)
            return Problem{fmt::format("{}: more than {} files are included; does a file include itself?",
                                       path, kMostIncludes)};
        auto text = read_file_(path);
        if (!text) return text.error();
        config_.files.push_back(path);
        auto tree = parse_yaml(*text, path, notes());
        if (!tree) return tree;
        if (tree->is_null()) tree->kind = Node::Kind::Map;
        if (!tree->is_map())
            return Problem{fmt::format("{}:1: the file must be a map with keys such as model_list", path)};
        if (auto included = tree->find("include")) {
            for (auto& name : read_texts(included, notes())) {
                auto other = load((std::filesystem::path(path).parent_path() / name).string());
                if (!other) return other;
                merge(*tree, std::move(*other));
            }
        }
        return tree;
    }

    static void merge(Node& into, Node&& from) {
        for (auto& [key, value] : from.members) {
            if (key == "include") continue;
            auto present = into.find(key);
            if (!present || present->is_null())
                into.set(key, std::move(value));
            else if (present->is_list() && value.is_list())
                std::move(value.items.begin(), value.items.end(), std::back_inserter(present->items));
            else if (present->is_map() && value.is_map())
                merge(*present, std::move(value));
        }
    }

    void export_variables() {
        auto variables = root_.find("environment_variables");
        if (!variables) return;
        resolve_environment(*variables, config_.environment);
        for (auto& [name, value] : variables->members)
            if (auto text = read_text(&value, notes())) config_.environment[name] = *text;
    }

    // What a reload compares. Secrets are in it only as part of a hash.
    void take_fingerprints() {
        for (auto& [key, value] : root_.members) {
            if (key == "model_list" || key == "include") continue;
            if (!value.is_map()) {
                config_.fingerprints[key] = sha256_hex(to_json(value));
                continue;
            }
            for (auto& [name, inner] : value.members)
                config_.fingerprints[key + "." + name] = sha256_hex(to_json(inner));
        }
    }

    const Node& section(std::string_view name) {
        static const Node empty{.kind = Node::Kind::Map};
        auto node = root_.find(name);
        if (!node || node->is_null()) return empty;
        if (node->is_map()) return *node;
        notes().errors.push_back(fmt::format("{}{} must be a map; it is ignored", node->place(), name));
        notes().faults.push_back(fmt::format("{}{} must be a map", node->place(), name));
        root_.set(name, empty);
        return empty;
    }

    void read_general(const Node& map) {
        warn_about_keys(map, "general_settings", notes());
        auto key = map.find("master_key");
        auto text = read_text(key, notes());
        auto variable = config_.environment.find("LITELLM_MASTER_KEY");
        if (!text && variable != config_.environment.end()) text = std::string(trim(variable->second));
        if (text && !trim(*text).empty()) {
            config_.master_key = SecretText(*text);
        } else if (key) {
            config_.master_key_problem =
                key->missing_variable.empty()
                    ? fmt::format("{}general_settings.master_key is empty", key->place())
                    : fmt::format(
                          "{}general_settings.master_key is os.environ/{}, and that variable is not set",
                          key->place(), key->missing_variable);
        }
        read_other_auth(map, config_, notes());
        config_.completion_model = read_text(map.find("completion_model"), notes()).value_or("");
        for (auto& [name, into] : {std::pair{"embedding_model", &config_.embedding_model},
                                   {"image_generation_model", &config_.image_generation_model},
                                   {"moderation_model", &config_.moderation_model}})
            *into = read_text(map.find(name), notes()).value_or("");
        read_access(map, config_, notes());
        read_alerts(map, config_);
        config_.pass_through =
            read_pass_through(map.find("pass_through_endpoints"), config_.environment, notes());
        if (auto most = read_above_zero(map.find("max_request_size_mb"), notes()))
            config_.max_body = static_cast<std::uint64_t>(std::min(*most, 4096.0) * kMebibyte);
        if (auto most = read_above_zero(map.find("max_response_size_mb"), notes()))
            config_.max_answer = static_cast<std::uint64_t>(std::min(*most, 4096.0) * kMebibyte);
        config_.always_include_usage =
            read_bool(map.find("always_include_stream_usage"), notes()).value_or(false);
        config_.forward_client_headers =
            read_bool(map.find("forward_client_headers_to_llm_api"), notes()).value_or(false);
        config_.forward_organization = read_bool(map.find("forward_openai_org_id"), notes()).value_or(false);
        config_.health_details = read_bool(map.find("health_check_details"), notes()).value_or(true);
        config_.background_health_checks =
            read_bool(map.find("background_health_checks"), notes()).value_or(false);
        if (auto seconds = read_number(map.find("health_check_interval"), notes()))
            config_.health_check_interval =
                seconds_to_duration(*seconds).value_or(config_.health_check_interval);
    }

    void read_settings(const Node& map) {
        warn_about_keys(map, "litellm_settings", notes());
        config_.drop_params = read_bool(map.find("drop_params"), notes()).value_or(false);
        config_.modify_params = read_bool(map.find("modify_params"), notes()).value_or(false);
        config_.check_schemas = read_bool(map.find("enable_json_schema_validation"), notes()).value_or(false);
        config_.say_cost_of_streams =
            read_bool(map.find("include_cost_in_streaming_usage"), notes()).value_or(false);
        config_.public_metrics =
            !read_bool(map.find("require_auth_for_metrics_endpoint"), notes()).value_or(true);
        for (auto key :
             {"success_callback", "failure_callback", "callbacks", "service_callback", "service_callbacks"})
            for (auto& name : read_texts(map.find(key), notes())) read_callback(map, key, name);
    }

    void read_callback(const Node& map, const char* key, const std::string& name) {
        auto& names = config_.callbacks;
        if (std::find(names.begin(), names.end(), name) != names.end()) return;
        names.push_back(name);
        if (name != "prometheus" && name != "prometheus_system")
            notes().warnings.push_back(fmt::format(
                "{}litellm_settings.{}: the callback \"{}\" is not available here; it has no effect",
                map.find(key)->place(), key, name));
    }

    // Those that LiteLLM applies to every call: a person may count on them.
    void tell_of_guardrails(const Node* list) {
        if (!list) return;
        for (auto& entry : list->items)
            if (auto params = entry.find("litellm_params"))
                tell_if_always_on(*params, read_text(entry.find("guardrail_name"), notes()).value_or(""),
                                  entry.place());
    }

    // The older form: a list of maps from names to what they are.
    void tell_of_old_guardrails(const Node* list) {
        if (!list) return;
        for (auto& entry : list->items)
            for (auto& [name, params] : entry.members) tell_if_always_on(params, name, params.place());
    }

    void tell_if_always_on(const Node& params, std::string_view name, std::string_view place) {
        if (!read_bool(params.find("default_on"), notes()).value_or(false)) return;
        notes().errors.push_back(
            fmt::format("{}the guardrail {} is default_on and is NOT applied here: calls go on unchecked; "
                        "check texts before and after the gateway, and take the entry out",
                        place, name));
    }

    void read_router(const Node& map) {
        auto aliases = map.find("model_group_alias");
        if (!aliases) return;
        for (auto& [name, value] : aliases->members) {
            Alias alias{name, "", false};
            if (value.is_map()) {
                alias.target = read_text(value.find("model"), notes()).value_or("");
                alias.hidden = read_bool(value.find("hidden"), notes()).value_or(false);
            } else {
                alias.target = read_text(&value, notes()).value_or("");
            }
            if (alias.target.empty())
                notes().errors.push_back(
                    fmt::format("{}the alias {} names no model; it is ignored", value.place(), name));
            else
                config_.aliases.push_back(std::move(alias));
        }
    }

    Credentials read_credentials() {
        Credentials credentials;
        auto list = root_.find("credential_list");
        if (!list) return credentials;
        for (auto& entry : list->items) {
            warn_about_keys(entry, "credential_list", notes());
            auto name = read_text(entry.find("credential_name"), notes());
            auto values = entry.find("credential_values");
            if (name && values && values->is_map())
                credentials[*name] = *values;
            else
                notes().errors.push_back(fmt::format(
                    "{}a credential needs credential_name and a map credential_values; it is skipped",
                    entry.place()));
        }
        return credentials;
    }

    const ReadFile& read_file_;
    Node root_;
    Config config_;
    int files_ = 0;
};

}  // namespace

Outcome<Config> read_config(const std::string& path, const ReadFile& read_file, config::Sources environment) {
    return ConfigReader(read_file, std::move(environment)).read(path);
}

Outcome<std::string> read_file_from_disk(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    // A directory opens but cannot be read.
    if (!file || !(text << file.rdbuf()).good())
        if (!file || std::filesystem::is_directory(path))
            return Problem{fmt::format("{} cannot be read: {}", path,
                                       !std::filesystem::exists(path)        ? "there is no such file"
                                       : std::filesystem::is_directory(path) ? "it is a folder"
                                                                             : "may this user read it?")};
    return Outcome<std::string>(boost::system::in_place_value, text.str());
}

std::vector<std::string> unusable_deployments(const Config& config) {
    std::vector<std::string> lines;
    for (auto& deployment : config.deployments) {
        // What a wildcard calls is known only with a name; its provider is when that is written out.
        if (is_open_ended(*deployment)) continue;
        auto endpoint = find_endpoint(*deployment, deployment->litellm_model, config.environment);
        if (!endpoint)
            lines.push_back(fmt::format("model {} ({}) is disabled: {}", deployment->model_name,
                                        deployment->litellm_model, endpoint.error().what));
    }
    return lines;
}

std::optional<Duration> seconds_to_duration(double seconds) {
    if (!(seconds > 0) || seconds > 10.0 * 365 * 86400) return std::nullopt;
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace seance::litellm
