#include "platform/secrets/bundle.hpp"

namespace seance::secrets {

const Value* Bundle::find(std::string_view group, std::string_view name) const {
    const std::string key(name);
    if (const auto own = groups.find(std::string(group)); own != groups.end())
        if (const auto found = own->second.find(key); found != own->second.end()) return &found->second;
    const auto found = flat.find(key);
    return found == flat.end() ? nullptr : &found->second;
}

bool is_usable(const Value& value) {
    return value.form == Value::Form::Text && !value.text.empty() &&
           value.text.reveal().find('\0') == std::string::npos;
}

Variables variables_of(const Bundle& bundle, const stack::Environment& environment,
                       const stack::Service& service) {
    Variables variables;
    for (const auto& name : environment.secrets_of(service))
        if (const auto* value = bundle.find(service.name, name); value != nullptr && is_usable(*value))
            variables.emplace(name, value->text);
    return variables;
}

std::map<std::string, Variables> variables_of(const Bundle& bundle, const stack::Stack& stack,
                                              const stack::Environment& environment) {
    std::map<std::string, Variables> all;
    for (const auto& service : stack.services)
        if (auto variables = variables_of(bundle, environment, service); !variables.empty())
            all.emplace(service.name, std::move(variables));
    return all;
}

}  // namespace seance::secrets
