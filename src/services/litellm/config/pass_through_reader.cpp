#include "services/litellm/config/pass_through_reader.hpp"

#include <fmt/format.h>

#include <functional>

#include "core/base/text.hpp"
#include "net/http/client.hpp"
#include "net/http/parser.hpp"
#include "services/litellm/config/config.hpp"

namespace seance::litellm {
namespace {

constexpr std::string_view kKnown[] = {"path",    "target",           "headers",
                                       "methods", "forward_headers",  "include_subpath",
                                       "auth",    "cost_per_request", "timeout"};

bool is_known(std::string_view key) {
    for (auto known : kKnown)
        if (key == known) return true;
    return false;
}

// "Bearer os.environ/NAME": a variable may stand behind a scheme. Nothing, and a note, if it is not set.
std::optional<std::string> with_variables(const std::string& text, const config::Sources& environment,
                                          const std::function<void(std::string_view)>& missing) {
    constexpr std::string_view kPrefix = "os.environ/";
    std::string out;
    for (auto word : split(text, ' ')) {
        if (!out.empty()) out += ' ';
        if (!word.starts_with(kPrefix)) {
            out += word;
            continue;
        }
        auto found = environment.find(std::string(word.substr(kPrefix.size())));
        auto value = found == environment.end() ? std::string_view{} : trim(found->second);
        if (value.empty()) {
            missing(word.substr(kPrefix.size()));
            return std::nullopt;
        }
        out += value;
    }
    return out;
}

void read_headers(const Node* map, const config::Sources& environment, PassThroughEndpoint& endpoint,
                  Notes& notes) {
    if (!map || map->is_null()) return;
    for (auto& [name, value] : map->members) {
        auto missing = [&, &header = name, &node = value](std::string_view variable) {
            notes.errors.push_back(
                fmt::format("{}the variable {} of the header {} is not set; it is not sent", node.place(),
                            variable, header));
        };
        auto text = read_text(&value, notes);
        if (text)
            text = with_variables(*text, environment, missing);
        else if (!value.missing_variable.empty())
            missing(value.missing_variable);
        if (!text) continue;
        if (http::is_token(name) && http::is_field_value(*text))
            endpoint.headers.emplace_back(name, SecretText(*text));
        else
            notes.errors.push_back(
                fmt::format("{}headers.{} cannot be sent as a header; it is left out", value.place(), name));
    }
}

// USD of each request; nothing if there is no such key, or it makes no sense.
std::optional<NanoUsd> read_price(const Node* node, Notes& notes) {
    auto usd = read_number(node, notes);
    auto price = usd && *usd >= 0 ? to_nanos(*usd) : std::nullopt;
    if (usd && !price)
        notes.errors.push_back(
            fmt::format("{}cost_per_request must be USD from 0 up; it is ignored", node->place()));
    return price;
}

}  // namespace

std::vector<PassThroughEndpoint> read_pass_through(const Node* list, const config::Sources& environment,
                                                   Notes& notes) {
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
        read_headers(entry.find("headers"), environment, endpoint, notes);
        endpoint.price = read_price(entry.find("cost_per_request"), notes);
        if (auto seconds = read_number(entry.find("timeout"), notes))
            endpoint.timeout = seconds_to_duration(*seconds);
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
