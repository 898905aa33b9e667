#include "services/litellm/settings.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include "core/base/text.hpp"
#include "core/base/version.hpp"
#include "core/config/ports.hpp"

namespace seance::litellm {
namespace {

constexpr const char* kName = "seance-litellm";
constexpr const char* kAbout = "LLM API gateway: LiteLLM's config.yaml and HTTP API";

// What the flags said; empty if they said nothing.
struct Flags {
    std::string config, host, log_level, ssl_key, ssl_certificate;
    std::optional<std::uint16_t> port;
    std::optional<std::uint32_t> workers;
    std::optional<double> request_timeout, keepalive_timeout;
    bool version = false, health = false, debug = false, detailed_debug = false, drop_params = false;
};

void declare(CLI::App& app, Flags& flags) {
    app.add_option("-c,--config", flags.config, "LiteLLM's config.yaml (CONFIG_FILE_PATH)");
    app.add_option("--port", flags.port, "TCP port to listen on (PORT) [4000]");
    app.add_option("--host", flags.host, "Address to listen on (HOST) [0.0.0.0]");
    app.add_option("--num_workers", flags.workers,
                   "Event loops, one thread each (NUM_WORKERS) [one per core]")
        ->check(CLI::Range(1, 256));
    app.add_option("--request_timeout", flags.request_timeout,
                   "Seconds a model may take; wins over config.yaml");
    app.add_option("--keepalive_timeout", flags.keepalive_timeout,
                   "Seconds an idle connection stays open [75]");
    app.add_flag("--drop_params", flags.drop_params,
                 "Leave out what a provider does not support, as litellm_settings.drop_params");
    app.add_flag("--debug", flags.debug, "More log lines");
    app.add_flag("--detailed_debug", flags.detailed_debug, "The same as --debug");
    app.add_flag("--health", flags.health,
                 "Ask the running gateway for GET /health, print the answer and leave");
    app.add_option("--ssl_certfile_path", flags.ssl_certificate,
                   "Serve TLS with these certificates, the own one first (SSL_CERTFILE_PATH)");
    app.add_option("--ssl_keyfile_path", flags.ssl_key, "Their private key (SSL_KEYFILE_PATH)");
    app.add_flag("--version", flags.version, "Print the commit this was built from");
}

void read_variables(config::Reader& read, Settings& settings, std::string& level) {
    read(settings.config_path, "CONFIG_FILE_PATH", {.about = "LiteLLM's config.yaml"});
    read(settings.host, "HOST", {.about = "Address to listen on"});
    read(settings.port, "PORT", {.about = "TCP port to listen on"});
    read(settings.admin_port, "ADMIN_PORT", {.about = "Port of /metrics on 127.0.0.1; 0 for none"});
    read(settings.workers, "NUM_WORKERS", {.about = "Event loops, one thread each", .min = 1, .max = 256});
    read(settings.drain_timeout, "DRAIN_TIMEOUT",
         {.about = "How long running requests may take after SIGTERM", .min = 0, .max = 3'600'000});
    read(settings.root_path, "SERVER_ROOT_PATH",
         {.about = "Prefix under which every route is served as well, such as /llm"});
    read(settings.tls_chain, "SSL_CERTFILE_PATH",
         {.about = "PEM file of certificates to serve TLS with, the own one first"});
    read(settings.tls_key, "SSL_KEYFILE_PATH", {.about = "PEM file of their private key"});
    read(level, "LITELLM_LOG", {.about = "Log level: DEBUG, INFO or ERROR"});
}

// For --help and to notice misspelled ones: config.yaml may set them too, so they are read with it
// (config/ledger_config.cpp and others). Keys of providers are not listed: see domain/provider.cpp.
void declare_other_variables(config::Reader& read) {
    // Each into a place of its own: what is in it counts as the default of what is read next.
    auto text = [&](const char* name, std::string_view about) {
        std::string unused;
        read(unused, name, {.about = about});
    };
    auto secret = [&](const char* name, std::string_view about) {
        SecretText unused;
        read(unused, name, {.about = about});
    };
    secret("LITELLM_MASTER_KEY", "The key of whoever runs this; general_settings.master_key wins");
    secret(
        "REDIS_URL",
        "Valkey for keys, budgets, spend and cache: redis://[user:password@]host[:port][/db], rediss:// for "
        "TLS");
    text("REDIS_HOST", "The same by parts");
    text("REDIS_PORT", "[6379]");
    text("REDIS_USERNAME", "[the default user]");
    secret("REDIS_PASSWORD", "None if the server asks for none");
    text("REDIS_DB", "Number of the database [0]");
    text("REDIS_SSL", "true: over TLS");
    text("REDIS_CLUSTER_NODES",
         "In place of REDIS_URL, nodes of a cluster: [{\"host\": \"10.0.0.1\", \"port\": 6379}, …]");
    text("LITELLM_VALKEY_DEADLINE", "What a call waits for Valkey at most [50ms]");
    text("LITELLM_VALKEY_PATIENCE", "The same of one that is refused without its answer [500ms]");
    text("LITELLM_SPOOL_DIR",
         "Folder of spend on its way to Valkey [$STATE_DIRECTORY/spool or /var/tmp/seance-litellm-UID]");
    text("LITELLM_SPOOL_MAX_MB", "Most of it on disk, for each loop [1024]");
    text("LITELLM_MODEL_COST_MAP_FILE",
         "Prices in place of the built-in ones: a model_prices_and_context_window.json");
    text("LITELLM_RATE_LIMIT_WINDOW_SIZE", "Seconds of a window of rpm and tpm limits [60]");
    text("LITELLM_DETAILED_TIMING", "true: headers x-litellm-timing-* in each answer");
    secret("SLACK_WEBHOOK_URL", "Whom general_settings.alerting: [slack] tells");
    text("SSL_VERIFY", "Certificates to believe upstreams by, a PEM file; false checks nothing");
    text("SSL_CERT_FILE",
         "The same where neither SSL_VERIFY nor ssl_verify names one, and to believe Valkey by [the "
         "system's]");
}

}  // namespace

bool Settings::loopback_only() const {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::variant<Settings, int> read_settings(int argc, const char* const* argv,
                                          const config::Sources& environment) {
    CLI::App app{kAbout, kName};
    Flags flags;
    declare(app, flags);
    Settings settings;
    settings.workers = std::max(1u, std::thread::hardware_concurrency());
    std::string level = "INFO";
    config::Reader read{environment};
    read_variables(read, settings, level);
    declare_other_variables(read);
    auto declared = read.declared();
    for (auto& one : declared)  // not the number of this machine's
        if (one.name == "NUM_WORKERS") one.fallback = "one per core";
    app.footer("Variables (flags win):\n" + config::describe(declared));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 64;
    }
    if (flags.version) {
        fmt::print("{} {}\n", kName, built_commit());
        return 0;
    }
    if (!flags.config.empty()) settings.config_path = flags.config;
    if (!flags.host.empty()) settings.host = flags.host;
    settings.port = flags.port.value_or(settings.port);
    config::check_admin_port(read, settings.admin_port, settings.port, settings.host, "PORT or --port");
    settings.workers = flags.workers.value_or(settings.workers);
    if (settings.port == 0) settings.workers = 1;  // each loop would get a port of its own
    settings.ask_health = flags.health;
    auto seconds = [&](std::optional<double> value, const char* flag) -> std::optional<Duration> {
        if (!value) return std::nullopt;
        if (*value > 0 && *value < 1e8)
            return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*value));
        read.problem(fmt::format("{} is {}; write a positive number of seconds", flag, *value));
        return std::nullopt;
    };
    settings.request_timeout = seconds(flags.request_timeout, "--request_timeout");
    settings.keepalive_timeout =
        seconds(flags.keepalive_timeout, "--keepalive_timeout").value_or(settings.keepalive_timeout);
    if (!flags.ssl_certificate.empty()) settings.tls_chain = flags.ssl_certificate;
    if (!flags.ssl_key.empty()) settings.tls_key = flags.ssl_key;
    if (settings.tls_chain.empty() != settings.tls_key.empty())
        read.problem("TLS needs both --ssl_certfile_path and --ssl_keyfile_path; name the other one as well");
    auto word = lower(level);
    if (word != "debug" && word != "info" && word != "warning" && word != "error")
        read.problem(fmt::format("LITELLM_LOG is \"{}\"; write DEBUG, INFO or ERROR", level));
    settings.debug = flags.debug || flags.detailed_debug || word == "debug";
    settings.errors_only = !settings.debug && word == "error";
    settings.drop_params = flags.drop_params;
    if (!settings.root_path.empty() && !settings.root_path.starts_with('/'))
        settings.root_path.insert(0, "/");
    while (settings.root_path.ends_with('/')) settings.root_path.pop_back();
    if (settings.config_path.empty())
        read.problem("no configuration: pass --config FILE or set CONFIG_FILE_PATH to a LiteLLM config.yaml");
    for (auto& problem : read.problems()) fmt::print(stderr, "{}: {}\n", kName, problem);
    if (!read.problems().empty()) return 65;
    settings.misspelled = config::find_misspelled(environment, read.declared());
    return settings;
}

}  // namespace seance::litellm
