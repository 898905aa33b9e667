#include "platform/exports/wanted.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "platform/exports/words.hpp"
#include "platform/stack/references.hpp"

namespace seance::exports {

namespace {

constexpr std::string_view kSecret = "secret.", kSecretHash = "secret_sha256.";
// Services serve their own metrics on loopback; in a container of its own any port will do that is not PORT.
constexpr std::uint16_t kAdminPort = 9464;

using Values = std::map<std::string, std::string>;

Values common_values(const Request& request, const HostOf& host_of) {
    const auto& environment = request.environment;
    Values values{{"environment", environment.name},
                  {"domain", environment.domain},
                  {"prefix", environment.prefix},
                  {"commit", request.commit}};
    for (const auto& service : request.stack.services) {
        values["services." + service.name + ".host"] = host_of(service.name);
        values["services." + service.name + ".port"] = std::to_string(service.port);
        if (!service.subdomain.empty())
            values["url." + service.name] = "https://" + stack::public_host(service.subdomain, environment);
    }
    if (const auto& spaces = environment.spaces) {
        values["spaces.bucket"] = spaces->bucket;
        values["spaces.region"] = spaces->region;
        values["spaces.endpoint"] = spaces->endpoint();
        values["spaces.cdn"] = spaces->cdn_endpoint();
    }
    return values;
}

void add_text(Value& value, std::string text) {
    if (!value.empty() && value.back().kind == Piece::Text)
        value.back().text += text;
    else
        value.push_back({Piece::Text, std::move(text)});
}

Outcome<Value> value_of(std::string_view text, const Values& values) {
    const auto parts = stack::parts_of(text);
    if (!parts) return parts.error();
    Value out;
    for (const auto& part : *parts) {
        if (!part.is_reference)
            add_text(out, part.text);
        else if (part.text.starts_with(kSecret))
            out.push_back({Piece::Secret, part.text.substr(kSecret.size())});
        else if (part.text.starts_with(kSecretHash))
            out.push_back({Piece::SecretHash, part.text.substr(kSecretHash.size())});
        else if (const auto found = values.find(part.text); found != values.end())
            add_text(out, found->second);
        else
            return Problem{fmt::format("\"{}\" refers to ${{{}}}, which has no value", text, part.text)};
    }
    if (out.empty()) out.push_back({});
    return out;
}

// Who needs it, and who names its address in a variable.
std::vector<std::string> clients_of(const Request& request, const stack::Service& service) {
    std::set<std::string> names;
    const auto address = "services." + service.name + ".";
    for (const auto& other : request.stack.services) {
        if (other.name == service.name) continue;
        if (std::find(other.needs.begin(), other.needs.end(), service.name) != other.needs.end())
            names.insert(other.name);
        for (const auto& [name, text] : stack::variables(other, request.environment)) {
            const auto references = stack::references_in(text);
            if (references && std::any_of(references->begin(), references->end(), [&](const auto& reference) {
                    return reference.starts_with(address);
                }))
                names.insert(other.name);
        }
    }
    return {names.begin(), names.end()};
}

}  // namespace

bool has_secret(const Value& value) {
    return std::any_of(value.begin(), value.end(),
                       [](const Piece& piece) { return piece.kind != Piece::Text; });
}

std::string text_of(const Value& value) {
    std::string out;
    for (const auto& piece : value) out += piece.text;
    return out;
}

std::string image_of(const Request& request, const stack::Service& service) {
    if (const auto given = request.images.find(service.name); given != request.images.end())
        return given->second;
    if (!service.image.empty()) return service.image;
    return fmt::format("{}/{}-{}:{}", request.stack.registry, request.stack.project, service.name,
                       request.commit);
}

Outcome<Wanted> fill_in(const Request& request, const HostOf& host_of) {
    std::vector<std::string> problems;
    const auto values = common_values(request, host_of);
    Wanted wanted;
    for (const auto index : stack::start_order(request.stack)) {
        const auto& service = request.stack.services[index];
        Unit unit;
        unit.service = &service;
        unit.image = image_of(request, service);
        unit.clients = clients_of(request, service);
        if (!service.subdomain.empty())
            unit.host = stack::public_host(service.subdomain, request.environment);
        auto own = values;
        own["port"] = std::to_string(service.port);
        own["admin_port"] = std::to_string(kAdminPort + (service.port == kAdminPort ? 1 : 0));
        if (!service.volume.empty()) own["volume"] = service.volume;
        for (const auto& [name, text] : stack::variables(service, request.environment)) {
            auto value = value_of(text, own);
            if (value)
                unit.variables[name] = std::move(*value);
            else
                problems.push_back(fmt::format("{} of {}: {}", name, service.name, value.error().what));
        }
        if (service.sets_port) unit.variables["PORT"] = {{Piece::Text, own["port"]}};
        for (auto& name : request.environment.secrets_of(service))
            if (!unit.variables.contains(name)) unit.secrets.push_back(std::move(name));
        if (const auto start = request.environment.start.find(service.name);
            start != request.environment.start.end())
            unit.start = command_words(start->second);
        wanted.units.push_back(std::move(unit));
    }
    if (request.environment.spaces)
        for (const auto& origin : request.environment.spaces->cors_origins) {
            const auto text = stack::expand(origin, values);
            if (text)
                wanted.cors_origins.push_back(*text);
            else
                problems.push_back("cors of spaces: " + text.error().what);
        }
    if (!problems.empty()) return Problem{fmt::format("{}", fmt::join(problems, "\n"))};
    return wanted;
}

std::vector<SecretVariable> secret_variables(const Request& request, const Unit& unit) {
    std::vector<SecretVariable> out;
    for (const auto& name : unit.secrets)
        out.push_back({name, request.environment.requires_secret(unit.service->name, name), ""});
    const auto texts = stack::variables(*unit.service, request.environment);
    for (const auto& [name, value] : unit.variables)
        if (has_secret(value)) out.push_back({name, true, texts.at(name)});
    return out;
}

void note_files(const Unit& unit, std::vector<std::string>& notes) {
    if (unit.service->image.empty()) return;
    for (const auto& [source, destination] : unit.service->files)
        notes.push_back(fmt::format("the ready-made image of {} has no {}: mount {} there yourself",
                                    unit.service->name, destination, source));
}

std::uint64_t whole_seconds(Duration duration) {
    return static_cast<std::uint64_t>(
        std::chrono::ceil<std::chrono::seconds>(std::max(duration, Duration::zero())).count());
}

}  // namespace seance::exports
