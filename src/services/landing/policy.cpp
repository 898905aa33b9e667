#include "services/landing/policy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "net/http/parser.hpp"

namespace seance::landing {
namespace {

bool is_local(std::string_view domain) {
    auto host = domain.substr(0, domain.find(':'));
    return host == "localhost" || host.ends_with(".localhost");
}

void add_source(std::string& sources, std::string_view origin) {
    if (!origin.empty()) sources.append(" ").append(origin);
}

}  // namespace

Origins origins_of(std::string_view public_domain) {
    if (public_domain.empty()) return {};
    auto secure = is_local(public_domain) ? "" : "s";
    auto origin = [&](std::string_view scheme, std::string_view name) {
        return fmt::format("{}{}://{}.{}", scheme, secure, name, public_domain);
    };
    return {origin("http", "backend"), origin("http", "beholder"), origin("ws", "signaling"),
            origin("http", "cdn")};
}

bool is_origin(std::string_view text) {
    auto colon = text.find("://");
    if (colon == text.npos) return false;
    constexpr std::string_view kSchemes[] = {"http", "https", "ws", "wss"};
    if (std::find(std::begin(kSchemes), std::end(kSchemes), text.substr(0, colon)) == std::end(kSchemes))
        return false;
    // A host may hold ";" and "," by RFC 3986, which would end a directive or the policy.
    auto host = text.substr(colon + 3);
    return http::is_host(host) && host.find_first_of(";,'\"*") == host.npos;
}

std::string content_security_policy(const Origins& origins, std::string_view frame_ancestors) {
    std::string scripts = "'self'", images = "'self' data:", connections = "'self'";
    // The analytics library loads further scripts and sends events through our own proxy.
    add_source(scripts, origins.beholder);
    add_source(images, origins.beholder);
    add_source(images, origins.cdn);
    for (const auto& origin : {origins.backend, origins.beholder, origins.signaling, origins.cdn})
        add_source(connections, origin);
    return fmt::format(
        "default-src 'self'; script-src {}; style-src 'self'; img-src {}; font-src 'self' data:; "
        "connect-src {}; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors {}",
        scripts, images, connections, frame_ancestors);
}

}  // namespace seance::landing
