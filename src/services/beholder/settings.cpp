#include "services/beholder/settings.hpp"

#include <fmt/format.h>

#include "core/config/ports.hpp"
#include "net/http/parser.hpp"

namespace seance::beholder {
namespace {

http::Origin read_origin(config::Reader& read, const char* name, std::string fallback, std::string_view of) {
    auto about = fmt::format("Where {} go: scheme, host and port; default: PostHog Cloud in REGION", of);
    std::string given;
    read(given, name, {.about = about});
    auto url = http::parse_url(given.empty() ? fallback : given);
    if (!url || url->target != "/") {
        read.problem(
            fmt::format("{} is \"{}\"; write scheme and host alone, such as {}", name, given, fallback));
        return {};
    }
    return url->origin;
}

}  // namespace

Settings read_settings(config::Reader& read) {
    Settings s;
    read(s.port, "PORT",
         {.about = "TCP port to listen on; 0: any free one, written to the log", .max = 65535});
    read(s.address, "ADDRESS", {.about = "Address to listen on; :: is every interface, IPv4 too"});
    read(s.admin_port, "ADMIN_PORT", {.about = "Port of /metrics, on loopback only; 0: none", .max = 65535});
    config::check_admin_port(read, s.admin_port, s.port, s.address);
    read(s.threads, "THREADS", {.about = "Event loops, each on its own thread", .min = 1, .max = 256});

    read(s.region, "REGION", {.about = "Region of PostHog Cloud", .one_of = {"us", "eu"}});
    s.events = read_origin(read, "EVENTS_UPSTREAM", fmt::format("https://{}.i.posthog.com", s.region),
                           "events and API calls");
    s.assets = read_origin(read, "ASSETS_UPSTREAM", fmt::format("https://{}-assets.i.posthog.com", s.region),
                           "requests for scripts and remote configuration");
    read(s.ca_file, "UPSTREAM_CA_FILE",
         {.about = "PEM file of the certificates upstreams are checked against; default: the system's"});
    read(s.cookie_prefixes, "KEEP_COOKIES",
         {.about = "Prefixes of cookies that go on to PostHog, such as ph_; default: none does"});
    read(
        s.via, "VIA",
        {.about = "Name to add in Via; default: none, since some servers stop compressing when they see it"});
    if (!s.via.empty() && !http::is_token(s.via))
        read.problem(fmt::format("VIA is \"{}\"; write one word, such as seance-beholder", s.via));
    proxy::Networks::read(
        read,
        "Address ranges whose X-Forwarded-For and X-Real-IP are believed; default: loopback and "
        "private networks",
        s.trusted);
    read(s.max_body, "MAX_BODY", {.about = "Bytes of the largest request body", .min = 1});
    read(s.log_requests, "LOG_REQUESTS", {.about = "Write a line for each request"});

    read(s.connect_timeout, "CONNECT_TIMEOUT",
         {.about = "For a connection to PostHog, TLS included", .min = 10});
    read(s.head_timeout, "UPSTREAM_HEAD_TIMEOUT", {.about = "For PostHog to begin its answer", .min = 10});
    read(s.body_timeout, "UPSTREAM_BODY_TIMEOUT", {.about = "Between two pieces of an answer", .min = 10});
    read(s.upstream_idle, "UPSTREAM_IDLE_TIMEOUT",
         {.about = "An unused connection to PostHog is kept this long", .min = 10});
    read(s.idle_timeout, "IDLE_TIMEOUT",
         {.about = "For the first byte of a request; above the platform edge's 60s", .min = 100});
    read(s.drain_timeout, "DRAIN_TIMEOUT", {.about = "For everything to end after SIGTERM", .min = 100});
    return s;
}

http::ServerOptions server_options(const Settings& settings) {
    http::ServerOptions options;
    options.idle_timeout = settings.idle_timeout;
    options.max_body = settings.max_body;
    options.log_requests = settings.log_requests;
    options.mask_client = proxy::mask_address;
    return options;
}

http::ClientOptions client_options(const Settings& settings) {
    http::ClientOptions options;
    options.connect_timeout = settings.connect_timeout;
    options.head_timeout = settings.head_timeout;
    options.body_timeout = settings.body_timeout;
    options.idle_timeout = settings.upstream_idle;
    options.ca_file = settings.ca_file;
    return options;
}

}  // namespace seance::beholder
