#include "platform/stack/references.hpp"

#include <fmt/format.h>

namespace seance::stack {

namespace {

// Calls `literal` and `reference` for the parts of a text, in order. False if a "${" is not closed.
template <class Literal, class Reference>
bool parts(std::string_view text, Literal literal, Reference reference) {
    while (!text.empty()) {
        const auto dollar = text.find('$');
        literal(text.substr(0, dollar));
        if (dollar == std::string_view::npos) return true;
        text.remove_prefix(dollar);
        if (text.starts_with("$${")) {
            literal("${");
            text.remove_prefix(3);
        } else if (text.starts_with("${")) {
            const auto end = text.find('}');
            if (end == std::string_view::npos) return false;
            reference(text.substr(2, end - 2));
            text.remove_prefix(end + 1);
        } else {
            literal("$");
            text.remove_prefix(1);
        }
    }
    return true;
}

Problem not_closed(std::string_view text) {
    return {fmt::format("\"{}\" has a ${{ without its }}", text)};
}

}  // namespace

std::set<std::string> reference_names(const Stack& stack, const Environment& environment,
                                      const Service& service) {
    std::set<std::string> names{"environment", "domain", "prefix", "commit", "port", "admin_port"};
    if (!service.volume.empty()) names.insert("volume");
    for (const auto& other : stack.services) {
        names.insert("services." + other.name + ".host");
        names.insert("services." + other.name + ".port");
        if (!other.subdomain.empty()) names.insert("url." + other.name);
    }
    for (const auto& [name, prefix] : environment.generate) {
        names.insert("secret." + name);
        names.insert("secret_sha256." + name);
    }
    if (environment.spaces) names.insert({"spaces.bucket", "spaces.region", "spaces.endpoint", "spaces.cdn"});
    if (environment.target != TargetKind::Local) return names;
    names.insert({"root", "state_dir"});
    for (const auto& [subdomain, folder] : environment.static_files) names.insert("url." + subdomain);
    for (const auto& sink : environment.sinks) {
        names.insert("sinks." + sink + ".host");
        names.insert("sinks." + sink + ".port");
    }
    return names;
}

Outcome<std::vector<Part>> parts_of(std::string_view text) {
    std::vector<Part> out;
    const bool closed = parts(
        text,
        [&](std::string_view literal) {
            if (literal.empty()) return;
            if (out.empty() || out.back().is_reference) out.push_back({});
            out.back().text += literal;
        },
        [&](std::string_view name) {
            out.push_back({true, std::string(name)});
        });
    if (!closed) return not_closed(text);
    return out;
}

Outcome<std::vector<std::string>> references_in(std::string_view text) {
    std::vector<std::string> names;
    const bool closed = parts(
        text, [](std::string_view) {}, [&](std::string_view name) { names.emplace_back(name); });
    if (!closed) return not_closed(text);
    return names;
}

Outcome<std::string> expand(std::string_view text, const std::map<std::string, std::string>& values) {
    std::string out, missing;
    const bool closed = parts(
        text, [&](std::string_view literal) { out += literal; },
        [&](std::string_view name) {
            if (auto value = values.find(std::string(name)); value != values.end())
                out += value->second;
            else if (missing.empty())
                missing = name;
        });
    if (!closed) return not_closed(text);
    if (!missing.empty())
        return Problem{fmt::format("\"{}\" refers to ${{{}}}, which has no value", text, missing)};
    return {boost::system::in_place_value, std::move(out)};
}

}  // namespace seance::stack
