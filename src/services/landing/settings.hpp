#pragma once
#include <cstdint>
#include <string>

#include "core/config/reader.hpp"
#include "net/files/file_index.hpp"
#include "net/http/server.hpp"
#include "services/landing/policy.hpp"

namespace seance::landing {

struct Settings {
    std::uint16_t port = 80;
    std::string address = "::";
    std::uint16_t admin_port = 0;
    std::string root = "/srv/landing";
    std::uint32_t threads = 1;

    std::string public_domain;
    Origins origins;
    std::string frame_ancestors = "'none'";
    std::string content_security_policy;  // "": from the origins
    std::string permissions_policy = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
    // Without includeSubDomains: whether the other names can do TLS is not this service's to promise.
    std::string strict_transport_security = "max-age=31536000";

    bool page_for_routes = true;
    std::string build_directory = "/assets/";
    std::uint64_t memory_limit_mib = 64;

    bool log_requests = true;
    std::uint64_t max_connections = 10'000;
    std::uint64_t max_requests = 10'000;
    Duration idle_timeout = std::chrono::seconds(75);
    Duration head_timeout = std::chrono::seconds(10);
    Duration write_timeout = std::chrono::seconds(30);
    Duration drain_timeout = std::chrono::seconds(25);
};

// Problems are kept by the reader.
Settings read_settings(config::Reader& read);

files::IndexOptions index_options(const Settings& settings);
http::ServerOptions server_options(const Settings& settings);

}  // namespace seance::landing
