#include "platform/targets/local/layout.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "core/base/hash.hpp"
#include "core/base/version.hpp"
#include "core/runtime/port_holder.hpp"
#include "platform/process/ports.hpp"
#include "platform/stack/print.hpp"
#include "platform/stack/references.hpp"

namespace seance::local {

namespace {

using Values = std::map<std::string, std::string>;

// What a service gets beside the variables of its manifest.
const std::vector<std::string> kInherited{"PATH", "HOME", "TZ"};

// The ports of last time as far as they are free, so that what was told of them stays true; others for the
// rest.
class PortChooser {
  public:
    explicit PortChooser(const Ports& last) {
        for (const auto& [name, port] : last)
            if (process::claim_port(port)) last_.emplace(name, port);
    }

    std::uint16_t choose(const std::string& name) {
        const auto found = last_.find(name);
        return chosen_[name] = found != last_.end() ? found->second : process::lasting_port();
    }

    Ports chosen() const { return chosen_; }

  private:
    Ports last_, chosen_;
};

Values environment_of(const stack::Service& service, const stack::Environment& environment,
                      const Values& values, const LayoutOptions& options,
                      std::vector<std::string>& problems) {
    Values env;
    const auto inherit = [&](const std::string& name) {
        if (auto found = options.inherited.find(name); found != options.inherited.end())
            env[name] = found->second;
    };
    for (const auto& name : kInherited) inherit(name);
    for (const auto& name : service.secrets) inherit(name);
    for (const auto& [name, text] : stack::variables(service, environment)) {
        auto value = stack::expand(text, values);
        if (value)
            env[name] = *value;
        else
            problems.push_back(fmt::format("{} of {}: {}", name, service.name, value.error().what));
    }
    env["PORT"] = values.at("port");
    env["ADMIN_PORT"] = values.at("admin_port");
    return env;
}

}  // namespace

std::string public_url(std::string_view host, std::uint16_t edge_port) {
    return edge_port == 80 ? fmt::format("http://{}", host) : fmt::format("http://{}:{}", host, edge_port);
}

Values outside_values(const stack::Stack& stack, const stack::Environment& environment,
                      const LayoutOptions& options) {
    const StateFolder state{options.root};
    Values values{{"environment", environment.name},
                  {"domain", environment.domain},
                  {"prefix", environment.prefix},
                  {"commit", std::string(built_commit())},
                  {"root", options.root},
                  {"state_dir", state.path()}};
    for (const auto& [name, value] : options.secrets) {
        values["secret." + name] = value;
        values["secret_sha256." + name] = sha256_hex(value);
    }
    for (const auto& service : stack.services)
        if (!service.subdomain.empty())
            values["url." + service.name] =
                public_url(stack::public_host(service.subdomain, environment), options.edge_port);
    for (const auto& [subdomain, folder] : environment.static_files)
        values["url." + subdomain] =
            public_url(stack::public_host(subdomain, environment), options.edge_port);
    return values;
}

Outcome<Layout> lay_out(const stack::Stack& stack, const stack::Environment& environment,
                        const LayoutOptions& options) {
    std::vector<std::string> problems;
    Layout layout;
    layout.project = stack.project;
    layout.environment = environment.name;
    layout.domain = environment.domain;
    layout.fingerprint = stack::fingerprint(stack, environment);
    layout.root = options.root;
    layout.edge_port = options.edge_port;

    auto values = outside_values(stack, environment, options);
    PortChooser ports_of{options.ports};
    for (const auto& sink : environment.sinks) {
        layout.sinks[sink] = ports_of.choose("sinks." + sink);
        values["sinks." + sink + ".host"] = "127.0.0.1";
        values["sinks." + sink + ".port"] = std::to_string(layout.sinks[sink]);
    }
    for (const auto& [subdomain, text] : environment.static_files) {
        auto folder = stack::expand(text, values);
        if (folder)
            layout.static_files[stack::public_host(subdomain, environment)] = *folder;
        else
            problems.push_back(fmt::format("static {}: {}", subdomain, folder.error().what));
    }
    std::map<std::string, std::uint16_t> ports;
    for (const auto& service : stack.services) {
        const auto port = service.local_port != 0 ? service.local_port : ports_of.choose(service.name);
        ports[service.name] = port;
        values["services." + service.name + ".host"] = "127.0.0.1";
        values["services." + service.name + ".port"] = std::to_string(port);
        if (service.local_port != 0 && !process::port_is_free(service.local_port))
            problems.push_back(fmt::format("port {}, which {} wants, is taken by {}", port, service.name,
                                           holder_of_port(port)));
        if (!service.subdomain.empty())
            layout.hosts[service.name] = stack::public_host(service.subdomain, environment);
    }

    for (const auto index : stack::start_order(stack)) {
        const auto& service = stack.services[index];
        process::ServiceSpec spec;
        spec.name = service.name;
        spec.port = ports[service.name];
        spec.admin_port = ports_of.choose(service.name + ".metrics");
        spec.prints_commit = service.prints_commit;
        spec.health = service.health;
        spec.needs = service.needs;
        spec.restart = service.restart;
        spec.start_timeout = service.start_limit();
        spec.stop_timeout = service.stop_timeout;
        auto own = values;
        own["port"] = std::to_string(spec.port);
        own["admin_port"] = std::to_string(spec.admin_port);
        if (!service.volume.empty()) {
            own["volume"] = own["state_dir"] + "/" + service.name;
            std::error_code error;
            std::filesystem::create_directories(own["volume"], error);
            if (error)
                problems.push_back(
                    fmt::format("cannot make the volume {}: {}", own["volume"], error.message()));
        }
        spec.launch.folder = options.root;
        spec.launch.program = process::find_program(service.programs, options.root);
        if (spec.launch.program.empty())
            spec.problem = fmt::format("no program {} beside seance or on PATH; seance doctor says more",
                                       fmt::join(service.programs, " or "));
        for (const auto& text : service.args) {
            auto arg = stack::expand(text, own);
            if (arg)
                spec.launch.args.push_back(*arg);
            else
                problems.push_back(fmt::format("args of {}: {}", service.name, arg.error().what));
        }
        spec.launch.env = environment_of(service, environment, own, options, problems);
        layout.services.push_back(std::move(spec));
    }
    if (!problems.empty()) return Problem{fmt::format("{}", fmt::join(problems, "\n"))};
    layout.ports = ports_of.chosen();
    return layout;
}

}  // namespace seance::local
