#include "platform/stack/print.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "core/base/hash.hpp"
#include "platform/stack/yaml_writer.hpp"

namespace seance::stack {

namespace {

namespace json = boost::json;

json::array list(const auto& texts) {
    return json::array(texts.begin(), texts.end());
}

json::object mapping(const std::map<std::string, std::string>& texts) {
    json::object out;
    for (const auto& [name, text] : texts) out[name] = text;
    return out;
}

// Adds keys whose value is not the default.
class Fields {
  public:
    explicit Fields(json::object& out) : out_(out) {}

    void text(std::string_view key, const std::string& value) {
        if (!value.empty()) out_[key] = value;
    }
    void texts(std::string_view key, const auto& values) {
        if (!values.empty()) out_[key] = list(values);
    }
    void texts(std::string_view key, const std::map<std::string, std::string>& values) {
        if (!values.empty()) out_[key] = mapping(values);
    }
    void object(std::string_view key, json::object value) {
        if (!value.empty()) out_[key] = std::move(value);
    }
    void number(std::string_view key, std::uint64_t value, std::uint64_t usual) {
        if (value != usual) out_[key] = value;
    }
    void duration(std::string_view key, Duration value, Duration usual) {
        if (value != usual) out_[key] = print_duration(value);
    }

  private:
    json::object& out_;
};

std::string_view word(TargetKind target) {
    return target == TargetKind::Local ? "local" : "railway";
}

std::string_view word(Restart restart) {
    switch (restart) {
        case Restart::Always:
            return "always";
        case Restart::OnFailure:
            return "on-failure";
        case Restart::Never:
            break;
    }
    return "never";
}

std::string_view word(Check::Kind kind) {
    switch (kind) {
        case Check::Deploy:
            return "deploy";
        case Check::Relay:
            return "relay";
        case Check::Chat:
            return "chat";
        case Check::Request:
            break;
    }
    return "request";
}

json::object environment_of(const Environment& environment) {
    const Environment usual;
    json::object out{{"target", word(environment.target)}, {"domain", environment.domain}};
    Fields fields{out};
    fields.text("prefix", environment.prefix);
    if (environment.dns == DnsKind::Cloudflare) out["dns"] = "cloudflare";
    fields.text("secrets", environment.secrets_file);
    json::object required;
    for (const auto& [service, names] : environment.required) required[service] = list(names);
    fields.object("require", std::move(required));
    fields.texts("generate", environment.generate);
    fields.texts("static", environment.static_files);
    fields.texts("sinks", environment.sinks);
    if (environment.spaces) {
        json::object spaces{{"bucket", environment.spaces->bucket}, {"region", environment.spaces->region}};
        Fields{spaces}.texts("cors", environment.spaces->cors_origins);
        out["spaces"] = std::move(spaces);
    }
    json::object railway;
    Fields of_railway{railway};
    of_railway.text("project", environment.railway.project);
    of_railway.text("workspace", environment.railway.workspace);
    of_railway.text("region", environment.railway.region);
    fields.object("railway", std::move(railway));
    fields.duration("overlap", environment.overlap, usual.overlap);
    fields.duration("drain", environment.drain, usual.drain);
    // The shortest text that reads back as the same number.
    if (environment.budget_dollars > 0) out["budget"] = fmt::format("{}", environment.budget_dollars);
    fields.texts("start", environment.start);
    json::object env;
    for (const auto& [service, variables] : environment.env) env[service] = mapping(variables);
    fields.object("env", std::move(env));
    return out;
}

json::object service_of(const Service& service) {
    const Service usual;
    json::object out;
    Fields fields{out};
    if (service.programs.size() == 1)
        out["program"] = service.programs.front();
    else
        fields.texts("program", service.programs);
    fields.texts("args", service.args);
    fields.text("image", service.image);
    fields.text("source", service.source);
    out["port"] = service.port;
    if (!service.sets_port) out["sets_port"] = false;
    fields.number("local_port", service.local_port, 0);
    fields.text("subdomain", service.subdomain);
    if (service.health.kind != HealthCheck::None)
        out["health"] = service.health.kind == HealthCheck::RedisPing ? "redis-ping" : service.health.path;
    fields.texts("needs", service.needs);
    fields.texts("env", service.env);
    fields.texts("secrets", service.secrets);
    if (service.prints_commit) out["prints_commit"] = true;
    fields.texts("files", service.files);
    fields.text("volume", service.volume);
    fields.number("replicas", service.replicas, usual.replicas);
    json::object resources;
    if (service.resources.cpu > 0) resources["cpu"] = fmt::format("{}", service.resources.cpu);
    if (service.resources.memory_mb > 0)
        resources["memory"] = fmt::format("{}MB", service.resources.memory_mb);
    fields.object("resources", std::move(resources));
    if (service.restart != usual.restart) out["restart"] = word(service.restart);
    if (service.start_timeout) out["start_timeout"] = print_duration(*service.start_timeout);
    if (service.overlap) out["overlap"] = print_duration(*service.overlap);
    fields.duration("stop_timeout", service.stop_timeout, usual.stop_timeout);
    json::array checks;
    for (const auto& check : service.verify)
        checks.push_back(json::object{{word(check.kind), mapping(check.settings)}});
    if (!checks.empty()) out["verify"] = std::move(checks);
    return out;
}

// The entries of a mapping, one block each, with an empty line between.
std::string blocks(std::string_view title, const auto& items, const auto& block_of) {
    auto out = fmt::format("\n{}:", title);
    if (items.empty()) return out + " {}\n";
    out += "\n";
    bool first = true;
    for (const auto& item : items) {
        if (!first) out += "\n";
        first = false;
        auto text = write_yaml(json::object{{item.name, block_of(item)}});
        std::string_view rest = text;
        while (!rest.empty()) {
            const auto end = rest.find('\n') + 1;
            out += "  ";
            out += rest.substr(0, end);
            rest.remove_prefix(end);
        }
    }
    return out;
}

}  // namespace

std::string print_stack(const Stack& stack) {
    json::object head{{"project", stack.project}};
    Fields{head}.text("registry", stack.registry);
    Fields{head}.texts("build", stack.build);
    return write_yaml(head) + blocks("environments", stack.environments, environment_of) +
           blocks("services", stack.services, service_of);
}

std::string fingerprint(const Stack& stack, const Environment& environment) {
    auto here = stack;
    here.environments = {environment};
    return sha256_hex(print_stack(here));
}

}  // namespace seance::stack
