#include "platform/plan/wanted.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/base/hash.hpp"
#include "platform/plan/bookkeeping.hpp"
#include "platform/stack/references.hpp"

namespace seance::plan {

namespace {

using Texts = std::map<std::string, std::string>;

constexpr std::string_view kToolGroup = "seance";
constexpr std::uint16_t kAdminPort = 9090;  // of /metrics, inside a service's own container

class Maker {
  public:
    Maker(const stack::Stack& stack, const stack::Environment& environment, const Ingredients& given)
        : stack_(stack),
          environment_(environment),
          given_(given),
          values_(outside_values(stack, environment, given)) {}

    Outcome<Wanted> make() {
        Wanted wanted;
        wanted.project = environment_.railway.project.empty() ? stack_.project : environment_.railway.project;
        wanted.environment = environment_.name;
        wanted.workspace = environment_.railway.workspace;
        wanted.commit = given_.commit;
        wanted.dns = environment_.dns != stack::DnsKind::None;
        wanted.spaces = spaces();
        for (auto index : stack::start_order(stack_))
            wanted.services.push_back(service(stack_.services[index]));
        if (!problems_.empty()) return Problem{fmt::format("{}", fmt::join(problems_, "\n"))};
        return wanted;
    }

  private:
    WantedService service(const stack::Service& declared) {
        WantedService made;
        made.name = declared.name;
        made.needs = declared.needs;
        made.volume = declared.volume;
        made.settings = settings(declared);
        if (auto image = given_.images.find(declared.name); image != given_.images.end()) {
            made.image = image->second.reference;
            made.content = image->second.content;
            made.commit = image->second.commit;
        }
        if (!declared.subdomain.empty())
            made.domains.push_back({stack::public_host(declared.subdomain, environment_), declared.port});
        variables(declared, made);
        return made;
    }

    Settings settings(const stack::Service& declared) {
        Settings made;
        if (declared.health.kind == stack::HealthCheck::Http) made.health_path = declared.health.path;
        made.replicas = static_cast<int>(declared.replicas);
        made.region = environment_.railway.region;
        made.restart = declared.restart;
        if (declared.start_timeout) made.health_timeout_seconds = seconds(*declared.start_timeout);
        made.overlap_seconds = seconds(declared.overlap.value_or(environment_.overlap));
        made.drain_seconds = seconds(std::max(environment_.drain, declared.stop_timeout));
        made.cpu = declared.resources.cpu;
        made.memory_mb = declared.resources.memory_mb;
        if (auto start = environment_.start.find(declared.name); start != environment_.start.end())
            made.start_command = start->second;
        return made;
    }

    void variables(const stack::Service& declared, WantedService& made) {
        auto values = values_;
        values["port"] = std::to_string(declared.port);
        values["admin_port"] = std::to_string(kAdminPort);
        if (!declared.volume.empty()) values["volume"] = declared.volume;
        for (const auto& [name, text] : stack::variables(declared, environment_))
            made.variables[name] = variable(declared.name, name, text, values);
        if (declared.sets_port) made.variables["PORT"] = {SecretText(values["port"]), false};
        for (const auto& name : environment_.secrets_of(declared)) secret(declared, name, made);
        for (const auto& [name, value] : made.variables)
            if (is_bookkeeping(name) || name.starts_with("RAILWAY_"))
                problems_.push_back(fmt::format("{} of {} is a variable that {} sets itself", name,
                                                declared.name, is_bookkeeping(name) ? "seance" : "Railway"));
    }

    Value variable(const std::string& service, const std::string& name, const std::string& text,
                   const Texts& values) {
        Value made;
        const auto names = stack::references_in(text);
        if (names)
            for (const auto& reference : *names) {
                if (!reference.starts_with("secret.") && !reference.starts_with("secret_sha256.")) continue;
                made.secret = made.secret || reference.starts_with("secret.");
                made.from_secret = true;
                if (!given_.secrets) {
                    if (!has_tool_secret(reference)) missing_tool_secret(service, name, reference);
                    return made;
                }
                if (!values.contains(reference)) {
                    missing_tool_secret(service, name, reference);
                    return made;
                }
            }
        auto value = stack::expand(text, values);
        if (value)
            made.text = SecretText(*value);
        else
            problems_.push_back(fmt::format("{} of {}: {}", name, service, value.error().what));
        return made;
    }

    bool has_tool_secret(std::string_view reference) const {
        const auto names = given_.secret_names.find(std::string(kToolGroup));
        return names != given_.secret_names.end() &&
               std::find(names->second.begin(), names->second.end(),
                         reference.substr(reference.find('.') + 1)) != names->second.end();
    }

    void missing_tool_secret(const std::string& service, const std::string& name,
                             std::string_view reference) {
        problems_.push_back(fmt::format("{} of {} refers to ${{{}}}, but {} has no {} in its group {}", name,
                                        service, reference, file(), reference.substr(reference.find('.') + 1),
                                        kToolGroup));
    }

    void secret(const stack::Service& declared, const std::string& name, WantedService& made) {
        Value value;
        value.secret = value.from_secret = true;
        bool there = false;
        if (given_.secrets) {
            if (auto group = given_.secrets->find(declared.name); group != given_.secrets->end())
                if (auto found = group->second.find(name); found != group->second.end()) {
                    value.text = found->second;
                    there = true;
                }
        } else if (auto group = given_.secret_names.find(declared.name); group != given_.secret_names.end())
            there = std::find(group->second.begin(), group->second.end(), name) != group->second.end();
        if (there)
            made.variables[name] = std::move(value);
        else if (environment_.requires_secret(declared.name, name))
            problems_.push_back(fmt::format("{} of {} is required, but {} has no such secret in its group {}",
                                            name, declared.name, file(), declared.name));
        else
            made.lacks.push_back(name);
    }

    std::string file() const {
        return environment_.secrets_file.empty() ? "the environment's missing secrets file"
                                                 : environment_.secrets_file;
    }

    std::optional<stack::Spaces> spaces() {
        auto made = environment_.spaces;
        if (!made) return made;
        for (auto& origin : made->cors_origins) {
            auto value = stack::expand(origin, values_);
            if (value)
                origin = *value;
            else
                problems_.push_back(fmt::format("cors of spaces: {}", value.error().what));
        }
        return made;
    }

    static int seconds(Duration time) {
        return static_cast<int>(std::chrono::ceil<std::chrono::seconds>(time).count());
    }

    const stack::Stack& stack_;
    const stack::Environment& environment_;
    const Ingredients& given_;
    Texts values_;
    std::vector<std::string> problems_;
};

}  // namespace

const WantedService* Wanted::service(std::string_view name) const {
    const auto found = std::find_if(services.begin(), services.end(),
                                    [&](const WantedService& one) { return one.name == name; });
    return found == services.end() ? nullptr : &*found;
}

std::string private_host(std::string_view service) {
    return std::string(service) + ".railway.internal";
}

Texts outside_values(const stack::Stack& stack, const stack::Environment& environment,
                     const Ingredients& ingredients) {
    Texts values{{"environment", environment.name},
                 {"domain", environment.domain},
                 {"prefix", environment.prefix},
                 {"commit", ingredients.commit}};
    for (const auto& service : stack.services) {
        values["services." + service.name + ".host"] = private_host(service.name);
        values["services." + service.name + ".port"] = std::to_string(service.port);
        if (!service.subdomain.empty())
            values["url." + service.name] = "https://" + stack::public_host(service.subdomain, environment);
    }
    if (environment.spaces) {
        values["spaces.bucket"] = environment.spaces->bucket;
        values["spaces.region"] = environment.spaces->region;
        values["spaces.endpoint"] = environment.spaces->endpoint();
        values["spaces.cdn"] = environment.spaces->cdn_endpoint();
    }
    for (const auto& [name, value] : ingredients.overrides) values[name] = value;
    if (!ingredients.secrets) return values;
    if (auto own = ingredients.secrets->find(std::string(kToolGroup)); own != ingredients.secrets->end())
        for (const auto& [name, value] : own->second) {
            values["secret." + name] = value.reveal();
            values["secret_sha256." + name] = sha256_hex(value.reveal());
        }
    return values;
}

Outcome<Wanted> make_wanted(const stack::Stack& stack, const stack::Environment& environment,
                            const Ingredients& ingredients) {
    return Maker(stack, environment, ingredients).make();
}

}  // namespace seance::plan
