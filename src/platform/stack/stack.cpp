#include "platform/stack/stack.hpp"

#include <algorithm>

namespace seance::stack {

namespace {

template <class Item>
const Item* named(const std::vector<Item>& items, std::string_view name) {
    auto found =
        std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.name == name; });
    return found == items.end() ? nullptr : &*found;
}

}  // namespace

const Service* Stack::service(std::string_view name) const {
    return named(services, name);
}
const Environment* Stack::environment(std::string_view name) const {
    return named(environments, name);
}

std::string Spaces::endpoint() const {
    return "https://" + region + ".digitaloceanspaces.com";
}
std::string Spaces::cdn_endpoint() const {
    return "https://" + bucket + "." + region + ".cdn.digitaloceanspaces.com";
}

std::vector<std::string> Environment::secrets_of(const Service& service) const {
    auto names = service.secrets;
    if (auto more = required.find(service.name); more != required.end())
        for (const auto& one : more->second)
            if (std::find(names.begin(), names.end(), one) == names.end()) names.push_back(one);
    return names;
}

bool Environment::requires_secret(const std::string& service, const std::string& secret) const {
    const auto found = required.find(service);
    return found != required.end() &&
           std::find(found->second.begin(), found->second.end(), secret) != found->second.end();
}

std::vector<std::size_t> start_order(const Stack& stack) {
    std::vector<std::size_t> order;
    std::set<std::string> placed;
    while (order.size() < stack.services.size()) {
        const auto before = order.size();
        for (std::size_t i = 0; i < stack.services.size(); ++i) {
            const auto& service = stack.services[i];
            if (placed.contains(service.name)) continue;
            if (!std::all_of(service.needs.begin(), service.needs.end(),
                             [&](const std::string& need) { return placed.contains(need); }))
                continue;
            order.push_back(i);
            placed.insert(service.name);
        }
        if (order.size() == before) break;  // a cycle: the parser has refused it
    }
    return order;
}

std::map<std::string, std::string> variables(const Service& service, const Environment& environment) {
    auto merged = service.env;
    if (auto own = environment.env.find(service.name); own != environment.env.end())
        for (const auto& [name, value] : own->second) merged[name] = value;
    return merged;
}

std::string public_host(std::string_view subdomain, const Environment& environment) {
    if (subdomain == "@") return environment.domain;
    return std::string(subdomain) + "." + environment.domain;
}

}  // namespace seance::stack
