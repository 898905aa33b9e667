#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/duration.hpp"
#include "core/config/misspelled.hpp"
#include "core/config/reader.hpp"

namespace seance::litellm {

// How the process runs; what it serves is in LiteLLM's config.yaml. Flags win over variables.
struct Settings {
    std::string config_path;
    std::string host = "0.0.0.0";
    std::uint16_t port = 4000;
    std::uint16_t admin_port = 0;  // 0: none
    std::uint32_t workers = 1;
    std::optional<Duration> request_timeout;
    Duration keepalive_timeout = std::chrono::seconds(75);
    Duration drain_timeout = std::chrono::seconds(25);
    std::string root_path;                    // "/llm": every route is also served below it
    bool debug = false, errors_only = false;  // what the log shows
    bool drop_params = false;                 // as litellm_settings.drop_params
    std::string tls_chain, tls_key;           // PEM files; "": plain HTTP
    bool ask_health = false;                  // --health: ask the running gateway and leave
    // Variables that nobody reads, each with the setting that was probably meant.
    std::vector<config::Misspelled> misspelled;

    bool loopback_only() const;
};

// Reads flags and variables. On --help, --version and problems it has printed what there is to say and gives
// the exit code: 0, 64 (flags) or 65 (values).
std::variant<Settings, int> read_settings(int argc, const char* const* argv,
                                          const config::Sources& environment);

}  // namespace seance::litellm
