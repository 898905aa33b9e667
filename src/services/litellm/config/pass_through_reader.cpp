#include "services/litellm/config/pass_through_reader.hpp"

#include <fmt/format.h>

#include "net/http/client.hpp"
#include "net/http/parser.hpp"

namespace seance::litellm {
namespace {

constexpr std::string_view kKnown[] = {
    "path", "target", "headers", "methods", "forward_headers", "include_subpath", "auth"};

bool is_known(std::string_view key) {
    for (auto known : kKnown)
        if (key == known) return true;
    return false;
}

void read_headers(const Node* map, PassThroughEndpoint& endpoint, Notes& notes) {
    if (!map || map->is_null()) return;
    for (auto& [name, value] : map->members) {
        auto text = read_text(&value, notes);
        if (!text) {
            if (!value.missing_variable.empty())
                notes.errors.push_back(
                    fmt::format("{}the variable {} of the header {} is not set; it is not sent",
                                value.place(), value.missing_variable, name));
        } else if (http::is_token(name) && http::is_field_value(*text)) {
            endpoint.headers.emplace_back(name, SecretText(*text));
        } else {
            notes.errors.push_back(
                fmt::format("{}headers.{} cannot be sent as a header; it is left out", value.place(), name));
        }
    }
}

}  // namespace

std::vector<PassThroughEndpoint> read_pass_through(const Node* list, Notes& notes) {
    std::vector<PassThroughEndpoint> endpoints;
    if (!list || list->is_null()) return endpoints;
    if (!list->is_list()) {
        notes.errors.push_back(
            fmt::format("{}pass_through_endpoints must be a list of maps; it is ignored", list->place()));
        return endpoints;
    }
    for (auto& entry : list->items) {
        PassThroughEndpoint endpoint;
        endpoint.path = read_text(entry.find("path"), notes).value_or("");
        endpoint.target = read_text(entry.find("target"), notes).value_or("");
        while (endpoint.path.ends_with('/')) endpoint.path.pop_back();
        if (!endpoint.path.starts_with('/') || !http::parse_url(endpoint.target)) {
            notes.errors.push_back(
                fmt::format("{}a pass-through endpoint needs a path like /bria and a target with http:// or "
                            "https://; it is skipped",
                            entry.place()));
            continue;
        }
        read_headers(entry.find("headers"), endpoint, notes);
        endpoint.methods = read_texts(entry.find("methods"), notes);
        endpoint.forward_headers = read_bool(entry.find("forward_headers"), notes).value_or(false);
        endpoint.include_subpath = read_bool(entry.find("include_subpath"), notes).value_or(false);
        endpoint.needs_key = read_bool(entry.find("auth"), notes).value_or(true);
        for (auto& [key, value] : entry.members)
            if (!is_known(key))
                notes.warnings.push_back(
                    fmt::format("{}pass_through_endpoints.{} has no effect here", value.place(), key));
        endpoints.push_back(std::move(endpoint));
    }
    return endpoints;
}

}  // namespace seance::litellm
