#include "services/litellm/config/ledger_config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "services/litellm/config/config.hpp"
#include "services/litellm/config/key_rules_reader.hpp"

namespace seance::litellm {
namespace {

class LedgerReader {
  public:
    LedgerReader(const Node& general, const Node& litellm, const Node& router,
                 const config::Sources& environment, Notes& notes)
        : general_(general), litellm_(litellm), router_(router), environment_(environment), notes_(notes) {}

    Outcome<LedgerConfig> read() {
        read_server();
        read_availability();
        read_limits();
        read_spend();
        read_key_rules(litellm_, config_, notes_);
        read_cache();
        if (!config_.server) warn_without_store();
        if (!refused_.empty()) return Problem{fmt::format("{}", fmt::join(refused_, "; "))};
        return std::move(config_);
    }

  private:
    std::string variable(const std::string& name) const {
        auto found = environment_.find(name);
        return found == environment_.end() ? std::string() : std::string(trim(found->second));
    }

    std::uint64_t count_of(const char* name, const char* of, std::uint64_t usual, std::uint64_t most) {
        auto text = variable(name);
        auto count = text.empty() ? usual : parse_number(text).value_or(0);
        if (count > 0) return std::min(count, most);
        refused_.push_back(
            fmt::format("{} is \"{}\"; set it to a whole number of {} from 1 up, or leave it out for {}",
                        name, text, of, usual));
        return usual;
    }

    std::optional<Duration> seconds(const Node& map, const char* name) {
        auto value = read_number(map.find(name), notes_);
        return value ? seconds_to_duration(*value) : std::nullopt;
    }

    void read_server() {
        AddressPart from_environment = [&](const char* part) {
            auto text = std::string(part);
            std::transform(text.begin(), text.end(), text.begin(), [](char c) {
                return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
            });
            auto given = variable("REDIS_" + text);
            return given.empty() && text == "URL" ? variable("VALKEY_URL") : given;
        };
        if (auto nodes = variable("REDIS_CLUSTER_NODES"); !nodes.empty()) {
            config_.server = read_cluster_address(nodes, from_environment, "REDIS_CLUSTER_NODES", notes_);
            return;
        }
        config_.server = read_store_address(from_environment, "REDIS_URL or REDIS_HOST", notes_);
        AddressPart from_router = [&](const char* part) {
            return read_text(router_.find("redis_" + std::string(part)), notes_).value_or("");
        };
        if (!config_.server)
            config_.server = read_store_address(from_router, "router_settings.redis_*", notes_);
        read_database_url();
    }

    void read_database_url() {
        auto database = read_text(general_.find("database_url"), notes_).value_or(variable("DATABASE_URL"));
        if (database.starts_with("redis") || database.starts_with("valkey")) {
            auto address = valkey::parse_address(database);
            if (address)
                config_.server = StoreAddress{std::move(*address), {}, false};
            else
                notes_.errors.push_back("DATABASE_URL: " + address.error().what);
        } else if (!database.empty()) {
            notes_.warnings.push_back(fmt::format(
                "general_settings.database_url (DATABASE_URL) names an SQL database, which is not used: keys "
                "and spend are kept in Valkey{}",
                config_.server ? "" : "; set REDIS_URL"));
        }
    }

    // Without Valkey there are no keys but the master key, which passes every limit.
    void warn_without_store() {
        for (auto& [section, map, key] : {std::tuple{"litellm_settings", &litellm_, "max_budget"},
                                          {"litellm_settings", &litellm_, "max_user_budget"},
                                          {"litellm_settings", &litellm_, "max_end_user_budget"},
                                          {"litellm_settings", &litellm_, "max_internal_user_budget"},
                                          {"general_settings", &general_, "max_parallel_requests"},
                                          {"general_settings", &general_, "global_max_parallel_requests"},
                                          {"general_settings", &general_, "store_prompts_in_spend_logs"}})
            if (auto value = map->find(key); value && !value->is_null())
                notes_.warnings.push_back(fmt::format(
                    "{}{}.{} has no effect without Valkey, where keys and spend are kept; set REDIS_URL",
                    value->place(), section, key));
    }

    void read_limit(const char* name, const char* usual, Duration& limit) {
        auto text = variable(name);
        if (text.empty()) return;
        auto read = parse_duration(text);
        if (read && *read >= std::chrono::milliseconds(1))
            limit = std::min<Duration>(*read, std::chrono::seconds(5));
        else
            notes_.errors.push_back(fmt::format("{} is \"{}\"; write a time such as {}", name, text, usual));
    }

    void read_availability() {
        read_limit("LITELLM_VALKEY_DEADLINE", "50ms", config_.deadline);
        read_limit("LITELLM_VALKEY_PATIENCE", "500ms", config_.patience);
        config_.patience = std::max(config_.patience, config_.deadline);
        config_.serve_when_away =
            read_bool(general_.find("allow_requests_on_db_unavailable"), notes_).value_or(false);
        if (auto ttl = seconds(general_, "user_api_key_cache_ttl")) config_.key_ttl = *ttl;
        config_.window =
            std::chrono::seconds(count_of("LITELLM_RATE_LIMIT_WINDOW_SIZE", "seconds", 60, 86'400));
    }

    void read_limits() {
        auto kind = read_text(general_.find("token_rate_limit_type"), notes_).value_or("total");
        if (kind == "input")
            config_.counted = TokenCount::Input;
        else if (kind == "output")
            config_.counted = TokenCount::Output;
        else if (kind != "total")
            notes_.errors.push_back(fmt::format(
                "{}general_settings.token_rate_limit_type is \"{}\"; write total, input or output",
                general_.find("token_rate_limit_type")->place(), kind));
        config_.key_parallel = read_integer(general_.find("max_parallel_requests"), notes_);
        config_.global_parallel = read_integer(general_.find("global_max_parallel_requests"), notes_);
        config_.proxy_budget = usd(litellm_, "max_budget");
        config_.proxy_period = period(litellm_, "budget_duration");
        config_.customer_budget = usd(litellm_, "max_user_budget");
        if (!config_.customer_budget) config_.customer_budget = usd(litellm_, "max_end_user_budget");
        config_.user_budget = usd(litellm_, "max_internal_user_budget");
        config_.user_period = period(litellm_, "internal_user_budget_duration");
        if (auto status = read_integer(general_.find("budget_exceeded_status"), notes_)) {
            if (*status == 400 || *status == 429)
                config_.budget_status = static_cast<int>(*status);
            else
                notes_.errors.push_back("general_settings.budget_exceeded_status must be 400 or 429");
        }
    }

    std::optional<NanoUsd> usd(const Node& map, const char* name) {
        auto value = read_number(map.find(name), notes_);
        return value ? to_nanos(*value) : std::nullopt;
    }

    std::string period(const Node& map, const char* name) {
        auto text = read_text(map.find(name), notes_);
        if (!text) return "";
        if (auto parsed = read_period(*text)) return parsed->code();
        notes_.errors.push_back(fmt::format("{}{} is \"{}\"; write a time such as 30d or 1mo",
                                            map.find(name)->place(), name, *text));
        return "";
    }

    void read_spend() {
        config_.keep_records = !read_bool(general_.find("disable_spend_logs"), notes_).value_or(false);
        config_.charge = !read_bool(general_.find("disable_spend_updates"), notes_).value_or(false);
        config_.keep_prompts =
            read_bool(general_.find("store_prompts_in_spend_logs"), notes_).value_or(false) &&
            !read_bool(litellm_.find("turn_off_message_logging"), notes_).value_or(false);
        config_.name_keys = !read_bool(litellm_.find("redact_user_api_key_info"), notes_).value_or(false);
        if (auto text = read_text(general_.find("maximum_spend_logs_retention_period"), notes_)) {
            auto parsed = read_period(*text);
            if (parsed)
                config_.keep_for = std::chrono::seconds(parsed->months > 0 ? parsed->months * 30LL * 86400
                                                                           : parsed->seconds);
            else
                notes_.errors.push_back(fmt::format(
                    "maximum_spend_logs_retention_period is \"{}\"; write a time such as 30d", *text));
        }
        if (auto most = read_count(general_.find("maximum_spend_logs_count"), notes_))
            config_.most_records = std::min<std::uint64_t>(*most, 100'000'000);
        config_.price_file = variable("LITELLM_MODEL_COST_MAP_FILE");
        config_.spool_folder = variable("LITELLM_SPOOL_DIR");
        if (config_.spool_folder.empty()) {
            auto state = variable("STATE_DIRECTORY");
            config_.spool_folder = state.empty() ? fmt::format("/var/tmp/seance-litellm-{}", getuid())
                                                 : state.substr(0, state.find(':')) + "/spool";
        }
        config_.most_spooled = count_of("LITELLM_SPOOL_MAX_MB", "MB", 1024, 1 << 20) << 20;
    }

    void read_cache() {
        auto& cache = config_.cache;
        cache.enabled = read_bool(litellm_.find("cache"), notes_).value_or(false);
        cache.server = config_.server;
        read_caching_groups(router_.find("caching_groups"));
        if (auto wanted = read_bool(router_.find("cache_responses"), notes_)) {
            // Alone it is a cache in memory, or in the router's own Valkey; cache_params are those of
            // `cache`.
            if (*wanted && !cache.enabled) {
                cache.in_valkey = router_.find("redis_url") || router_.find("redis_host");
                cache.enabled = true;
                return finish_cache();
            }
            cache.enabled = *wanted;
        }
        auto params = litellm_.find("cache_params");
        if (!params || !params->is_map()) return finish_cache();
        auto type = read_text(params->find("type"), notes_).value_or("redis");
        if (type == "local") {
            cache.in_valkey = false;
        } else if (type != "redis") {
            notes_.warnings.push_back(
                fmt::format("{}cache_params.type \"{}\" is not supported; the cache is kept in Valkey, exact "
                            "matches only",
                            params->find("type")->place(), type));
        }
        AddressPart from_params = [&](const char* part) {
            return read_text(params->find(part), notes_).value_or("");
        };
        auto nodes = params->find("redis_startup_nodes");
        auto own = nodes && !nodes->is_null()
                       ? read_cluster_address(to_json(*nodes), from_params,
                                              nodes->place() + "cache_params.redis_startup_nodes", notes_)
                       : read_store_address(from_params, "cache_params", notes_);
        if (own) cache.server = std::move(own);
        cache.name_space = read_text(params->find("namespace"), notes_).value_or("");
        if (auto ttl = seconds(*params, "ttl")) cache.ttl = *ttl;
        cache.memory_ttl = seconds(*params, "default_in_memory_ttl");
        cache.valkey_ttl = seconds(*params, "default_in_redis_ttl");
        auto mode = read_text(params->find("mode"), notes_).value_or("default_on");
        cache.by_default = mode != "default_off";
        cache.coalesce = read_bool(params->find("coalesce"), notes_).value_or(false);
        cache.call_types = read_texts(params->find("supported_call_types"), notes_);
        finish_cache();
    }

    void read_caching_groups(const Node* list) {
        if (!list || list->is_null()) return;
        bool lists = list->is_list() && std::all_of(list->items.begin(), list->items.end(),
                                                    [](auto& group) { return group.is_list(); });
        if (!lists) {
            notes_.errors.push_back(fmt::format(
                "{}router_settings.caching_groups must be a list of lists of model names, such as "
                "[[a, b], [c, d]]; it is ignored",
                list->place()));
            return;
        }
        for (auto& group : list->items) config_.cache.groups.push_back(read_texts(&group, notes_));
    }

    void finish_cache() {
        auto& cache = config_.cache;
        if (cache.enabled && cache.in_valkey && !cache.server) {
            notes_.warnings.push_back(
                "litellm_settings.cache is on, but no Valkey is configured (cache_params.host or REDIS_URL): "
                "answers "
                "are cached in this process's memory");
            cache.in_valkey = false;
        }
    }

    const Node &general_, &litellm_, &router_;
    const config::Sources& environment_;
    Notes& notes_;
    LedgerConfig config_;
    std::vector<std::string> refused_;
};

}  // namespace

bool CacheConfig::caches(std::string_view call_type) const {
    if (!enabled) return false;
    if (call_types.empty())
        return call_type == "acompletion" || call_type == "atext_completion" || call_type == "aembedding";
    // "completion" is the sync spelling of "acompletion".
    return std::any_of(call_types.begin(), call_types.end(), [&](const std::string& name) {
        return name == call_type || (call_type.starts_with('a') && name == call_type.substr(1));
    });
}

std::string CacheConfig::name_of_group(std::string_view group) const {
    for (auto& names : groups)
        if (std::find(names.begin(), names.end(), group) != names.end())
            return fmt::format("{}", fmt::join(names, "\n"));
    return std::string(group);
}

Outcome<LedgerConfig> read_ledger_config(const Node& general, const Node& litellm, const Node& router,
                                         const config::Sources& environment, Notes& notes) {
    return LedgerReader(general, litellm, router, environment, notes).read();
}

}  // namespace seance::litellm
