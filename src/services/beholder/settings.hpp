#pragma once
#include "core/config/reader.hpp"
#include "net/http/client.hpp"
#include "net/http/server.hpp"
#include "net/proxy/trusted_client.hpp"

namespace seance::beholder {

struct Settings {
    std::uint16_t port = 80;
    std::string address = "::";
    std::uint16_t admin_port = 0;
    std::uint32_t threads = 1;
    std::string region = "us";
    http::Origin events, assets;               // from REGION unless given
    std::vector<std::string> cookie_prefixes;  // of cookies that go on to PostHog
    proxy::Networks trusted = proxy::Networks::private_ranges();
    std::string via;
    std::uint64_t max_body = 64ull << 20;
    std::string ca_file;
    bool log_requests = true;
    Duration connect_timeout = std::chrono::seconds(5);
    Duration head_timeout = std::chrono::seconds(60);
    Duration body_timeout = std::chrono::seconds(60);
    Duration upstream_idle = std::chrono::seconds(30);
    Duration idle_timeout = std::chrono::seconds(75);
    Duration drain_timeout = std::chrono::seconds(25);
};

// Problems are kept by the reader: look there before the settings are used.
Settings read_settings(config::Reader& read);

http::ServerOptions server_options(const Settings& settings);
http::ClientOptions client_options(const Settings& settings);

}  // namespace seance::beholder
