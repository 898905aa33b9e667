#include "services/landing/settings.hpp"

#include <fmt/format.h>

#include "core/config/ports.hpp"
#include "net/http/parser.hpp"

namespace seance::landing {
namespace {

void read_origin(config::Reader& read, std::string& origin, const char* name, std::string_view of) {
    auto about = fmt::format("Origin of {} that pages may use; default: from PUBLIC_DOMAIN", of);
    std::string given;
    read(given, name, {.about = about});
    if (given.empty()) return;
    if (is_origin(given))
        origin = given;
    else
        read.problem(fmt::format(
            "{} is \"{}\"; write scheme, host and port alone, such as https://backend.example.com", name,
            given));
}

void check_field(config::Reader& read, const char* name, std::string_view value) {
    if (!http::is_field_value(value))
        read.problem(fmt::format("{} holds a control character; write it on one line", name));
}

}  // namespace

Settings read_settings(config::Reader& read) {
    Settings s;
    read(s.port, "PORT",
         {.about = "TCP port to listen on; 0: any free one, written to the log", .max = 65535});
    read(s.address, "ADDRESS", {.about = "Address to listen on; :: is every interface, IPv4 too"});
    read(s.admin_port, "ADMIN_PORT", {.about = "Port of /metrics, on loopback only; 0: none", .max = 65535});
    config::check_admin_port(read, s.admin_port, s.port, s.address);
    read(s.root, "LANDING_ROOT", {.about = "Folder of the built site, with an index.html"});
    read(s.threads, "THREADS", {.about = "Event loops, each on its own thread", .min = 1, .max = 256});

    read(s.public_domain, "PUBLIC_DOMAIN",
         {.about = "Apex domain of the product, from which the origins below follow"});
    if (!s.public_domain.empty() && !is_origin("https://" + s.public_domain))
        read.problem(
            fmt::format("PUBLIC_DOMAIN is \"{}\"; write a name alone, such as example.com", s.public_domain));
    s.origins = origins_of(s.public_domain);
    read_origin(read, s.origins.backend, "BACKEND_ORIGIN", "the API");
    read_origin(read, s.origins.beholder, "BEHOLDER_ORIGIN", "the analytics proxy");
    read_origin(read, s.origins.signaling, "SIGNALING_ORIGIN", "the signaling service");
    // Where it is reached is told as a web address; what pages open there is a WebSocket.
    if (s.origins.signaling.starts_with("http")) s.origins.signaling.replace(0, 4, "ws");
    read_origin(read, s.origins.cdn, "CDN_ORIGIN", "downloads");
    read(s.frame_ancestors, "FRAME_ANCESTORS",
         {.about = "Who may show the pages in a frame, as in Content-Security-Policy"});
    read(s.content_security_policy, "CONTENT_SECURITY_POLICY",
         {.about = "The whole policy, in place of the computed one"});
    read(s.permissions_policy, "PERMISSIONS_POLICY", {.about = "Permissions-Policy of the pages"});
    read(s.strict_transport_security, "STRICT_TRANSPORT_SECURITY",
         {.about = "Sent to requests that came over https"});
    check_field(read, "FRAME_ANCESTORS", s.frame_ancestors);
    if (s.frame_ancestors.find_first_of(";,") != std::string::npos)
        read.problem("FRAME_ANCESTORS holds a comma or semicolon; separate sources by spaces");
    check_field(read, "CONTENT_SECURITY_POLICY", s.content_security_policy);
    check_field(read, "PERMISSIONS_POLICY", s.permissions_policy);
    check_field(read, "STRICT_TRANSPORT_SECURITY", s.strict_transport_security);

    read(s.page_for_routes, "SPA_FALLBACK",
         {.about = "Answer unknown paths without an extension with /index.html"});
    read(s.build_directory, "BUILD_DIRECTORY", {.about = "Path under which names carry build hashes"});
    if (!s.build_directory.starts_with('/') || !s.build_directory.ends_with('/'))
        read.problem(
            fmt::format("BUILD_DIRECTORY is \"{}\"; it must start and end with a slash, such as /assets/",
                        s.build_directory));
    read(s.memory_limit_mib, "MEMORY_LIMIT_MIB",
         {.about = "MiB of files held in memory; the rest is sent from disk", .max = 1 << 20});

    read(s.log_requests, "LOG_REQUESTS", {.about = "Write a line for each request"});
    read(s.max_connections, "MAX_CONNECTIONS",
         {.about = "Connections of each loop at once; the next is answered 503", .min = 1});
    read(s.max_requests, "MAX_REQUESTS",
         {.about = "Requests on one connection before it is closed", .min = 1});
    read(s.idle_timeout, "IDLE_TIMEOUT",
         {.about = "For the first byte of a request; above the platform edge's 60s", .min = 100});
    read(s.head_timeout, "HEAD_TIMEOUT", {.about = "For the whole head of a request", .min = 100});
    read(s.write_timeout, "WRITE_TIMEOUT", {.about = "For a client to take more of an answer", .min = 100});
    read(s.drain_timeout, "DRAIN_TIMEOUT", {.about = "For everything to end after SIGTERM", .min = 100});
    return s;
}

files::IndexOptions index_options(const Settings& settings) {
    files::IndexOptions options;
    options.root = settings.root;
    options.memory_limit = settings.memory_limit_mib << 20;
    options.build_directory = settings.build_directory;
    options.fallback = settings.page_for_routes ? "/index.html" : "";
    options.fields = {{"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "strict-origin-when-cross-origin"}};
    auto policy = settings.content_security_policy.empty()
                      ? content_security_policy(settings.origins, settings.frame_ancestors)
                      : settings.content_security_policy;
    options.page_fields = {{"Content-Security-Policy", policy},
                           {"Permissions-Policy", settings.permissions_policy}};
    options.secure_fields = {{"Strict-Transport-Security", settings.strict_transport_security}};
    return options;
}

http::ServerOptions server_options(const Settings& settings) {
    http::ServerOptions options;
    options.idle_timeout = settings.idle_timeout;
    options.head_timeout = settings.head_timeout;
    options.write_timeout = settings.write_timeout;
    options.max_requests = settings.max_requests;
    options.max_connections = settings.max_connections;
    options.log_requests = settings.log_requests;
    return options;
}

}  // namespace seance::landing
