#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/duration.hpp"

namespace seance::stack {

enum class TargetKind { Local, Railway };
enum class DnsKind { None, Cloudflare };
enum class Restart { Always, OnFailure, Never };

// How to see that a service works: GET of a path on its port, or PING of the Redis protocol. None: it is
// healthy as soon as it runs.
struct HealthCheck {
    enum Kind { None, Http, RedisPing } kind = None;
    std::string path;  // of Http

    bool operator==(const HealthCheck&) const = default;
};

// One outside check of `seance verify`. The settings that each kind has are in docs/seance.md.
struct Check {
    enum Kind { Deploy, Relay, Chat, Request } kind = Request;
    std::map<std::string, std::string> settings;  // values may hold references

    bool operator==(const Check&) const = default;
};

struct Resources {
    double cpu = 0;               // cores; 0: the target's default
    std::uint64_t memory_mb = 0;  // 0: the target's default

    bool operator==(const Resources&) const = default;
};

// Texts marked "may hold references" are kept as written; expand() in references.hpp fills them in.
struct Service {
    std::string name;
    std::vector<std::string> programs;  // the first that is found runs on this machine
    std::vector<std::string> args;      // may hold references
    std::string image;                  // a ready-made image for targets that run images
    std::string source;                 // or the folder its image is built from
    std::uint16_t port = 0;             // of its container; on this machine the supervisor chooses
    bool sets_port = true;              // PORT is set to it, out in the world
    std::uint16_t local_port = 0;       // a fixed port on this machine instead; 0: any free one
    std::string subdomain;              // "@" is the domain itself, "" is not public
    HealthCheck health;
    std::vector<std::string> needs;
    std::map<std::string, std::string> env;    // may hold references
    std::vector<std::string> secrets;          // names of variables; an environment may require more
    bool prints_commit = false;                // `program --version` ends with the commit it was built from
    std::map<std::string, std::string> files;  // path beside stack.yaml → absolute path in its image
    std::string volume;                        // where its container mounts it; "" has none
    std::uint32_t replicas = 1;
    Resources resources;
    Restart restart = Restart::Always;
    std::optional<Duration> start_timeout;  // until it is healthy; each target has a default
    std::optional<Duration> overlap;        // in place of the environment's
    Duration stop_timeout = std::chrono::seconds(10);
    std::vector<Check> verify;
    int line = 0;

    Duration start_limit() const { return start_timeout.value_or(std::chrono::seconds(30)); }

    bool operator==(const Service&) const = default;
};

// A bucket of DigitalOcean Spaces with its CDN.
struct Spaces {
    std::string bucket, region;
    std::vector<std::string> cors_origins;  // who may read it from a page; empty: CORS is not managed

    std::string endpoint() const;      // "https://sfo3.digitaloceanspaces.com"
    std::string cdn_endpoint() const;  // "https://seance-cdn.sfo3.cdn.digitaloceanspaces.com"

    bool operator==(const Spaces&) const = default;
};

struct Railway {
    std::string project;    // "": named as the stack
    std::string workspace;  // "": the token's only one
    std::string region;     // "": the workspace's preference

    bool operator==(const Railway&) const = default;
};

struct Environment {
    std::string name;
    TargetKind target = TargetKind::Local;
    std::string domain;
    std::string prefix;
    std::map<std::string, std::map<std::string, std::string>>
        env;                                      // service → variable → value, over the service's own
    std::map<std::string, std::string> generate;  // secret → what its 64 random hex digits are preceded by
    std::map<std::string, std::string> static_files;  // subdomain → folder that the edge serves
    std::set<std::string> sinks;  // HTTP servers that accept everything, for upstreams out of reach

    // Of targets out in the world.
    DnsKind dns = DnsKind::None;
    std::string secrets_file;  // a SOPS file beside stack.yaml; "" has none
    std::map<std::string, std::vector<std::string>>
        required;  // service → secrets without which it must not go out
    std::optional<Spaces> spaces;
    Railway railway;
    // How long the old deployment goes on beside the new one, and has to finish after it was told to stop.
    Duration overlap = std::chrono::seconds(20), drain = std::chrono::seconds(30);
    std::map<std::string, std::string> start;  // service → command in place of its image's own
    double budget_dollars = 0;                 // a month; 0: none
    int line = 0;

    // All secrets that a service may be given here: its own and the required ones, without repetition.
    std::vector<std::string> secrets_of(const Service& service) const;
    bool requires_secret(const std::string& service, const std::string& secret) const;

    bool operator==(const Environment&) const = default;
};

struct Stack {
    std::string project;
    std::string registry;
    std::vector<std::string> build;  // a command that builds all programs, run beside stack.yaml
    std::vector<Environment> environments;
    std::vector<Service> services;  // as written

    const Service* service(std::string_view name) const;
    const Environment* environment(std::string_view name) const;

    bool operator==(const Stack&) const = default;
};

// Indexes of the services so that each comes after those it needs; otherwise as written. The stack has no
// cycle.
std::vector<std::size_t> start_order(const Stack& stack);

// The variables of a service in an environment, unexpanded: its own with the environment's put over them.
std::map<std::string, std::string> variables(const Service& service, const Environment& environment);

// "backend.seance.localhost" for a subdomain, the domain itself for "@".
std::string public_host(std::string_view subdomain, const Environment& environment);

}  // namespace seance::stack
