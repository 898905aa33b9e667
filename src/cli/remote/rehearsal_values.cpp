#include "cli/remote/rehearsal_values.hpp"

#include <algorithm>

#include "core/base/hash.hpp"
#include "core/base/id.hpp"
#include "platform/stack/references.hpp"

namespace seance::cli {

namespace {

bool all_begin_with(const std::vector<std::string>& names, std::string_view prefix) {
    return !names.empty() && std::all_of(names.begin(), names.end(),
                                         [&](const std::string& name) { return name.starts_with(prefix); });
}

// Names of the tool's own secrets that a text refers to.
void add_tool_secrets(const std::string& text, std::set<std::string>& names) {
    const auto references = stack::references_in(text);
    if (!references) return;
    for (const auto& reference : *references)
        for (std::string_view prefix : {"secret.", "secret_sha256."})
            if (reference.starts_with(prefix)) names.insert(reference.substr(prefix.size()));
}

std::set<std::string> tool_secrets(const stack::Stack& stack, const stack::Environment& environment) {
    std::set<std::string> names;
    for (const auto& service : stack.services) {
        for (const auto& [name, text] : stack::variables(service, environment)) add_tool_secrets(text, names);
        for (const auto& check : service.verify)
            for (const auto& [setting, text] : check.settings) add_tool_secrets(text, names);
    }
    return names;
}

std::string made_up(const std::string& prefix) {
    return prefix + hex(random_bytes(24));
}

}  // namespace

const stack::Environment* local_environment(const stack::Stack& stack) {
    for (const auto& environment : stack.environments)
        if (environment.target == stack::TargetKind::Local) return &environment;
    return nullptr;
}

std::map<std::string, Values> rehearsal_run_env(const stack::Stack& stack,
                                                const stack::Environment& environment) {
    std::map<std::string, Values> made;
    const auto* local = local_environment(stack);
    for (const auto& service : stack.services) {
        if (stack::variables(service, environment).contains("SPACES_ENDPOINT"))
            made[service.name]["SPACES_PATH_STYLE"] = "true";  // no bucket has a name of its own here
        if (!local) continue;
        const auto own = local->env.find(service.name);
        if (own == local->env.end()) continue;
        for (const auto& [name, text] : own->second) {
            const auto references = stack::references_in(text);
            if (references && all_begin_with(*references, "sinks.")) made[service.name][name] = text;
        }
    }
    return made;
}

Values rehearsal_secrets(const stack::Stack& stack, const stack::Environment& environment, Values given) {
    auto made = std::move(given);
    const auto* local = local_environment(stack);
    Values references;
    for (const auto& name : tool_secrets(stack, environment)) {
        std::string prefix;
        if (local)
            if (auto known = local->generate.find(name); known != local->generate.end())
                prefix = known->second;
        made.try_emplace(name, made_up(prefix));
        references["secret." + name] = made[name];
        references["secret_sha256." + name] = sha256_hex(made[name]);
    }
    for (const auto& service : stack.services)
        for (const auto& name : environment.secrets_of(service)) {
            if (made.contains(name)) continue;
            if (local)
                if (auto own = local->env.find(service.name); own != local->env.end())
                    if (auto text = own->second.find(name); text != own->second.end())
                        if (auto value = stack::expand(text->second, references)) made[name] = *value;
            made.try_emplace(name, made_up("rehearsal-"));
        }
    return made;
}

}  // namespace seance::cli
