#include "services/litellm/config/checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "net/http/client.hpp"
#include "services/litellm/config/deployment_reader.hpp"

namespace seance::litellm {
namespace {

// Routes of OpenAI's form that people copy from an example of curl.
constexpr std::string_view kRoutes[] = {"/chat/completions", "/completions", "/embeddings", "/responses"};

void check_address(const Node& base, std::string_view name, Notes& notes) {
    auto& text = base.text;
    auto shown = text.substr(0, text.find('?'));
    if (auto at = shown.find('@'); at != std::string::npos)
        shown.erase(0, at + 1);  // a password stands before
    auto scheme = text.find("://");
    if (scheme == std::string::npos && http::parse_url("http://" + text)) {
        notes.errors.push_back(
            fmt::format("{}litellm_params.{} \"{}\" has no scheme; write http://{} or https://{}",
                        base.place(), name, shown, shown, shown));
        return;
    }
    if (!http::parse_url(text)) {
        notes.errors.push_back(
            fmt::format("{}litellm_params.{} \"{}\" is no http or https address; write one such as "
                        "http://localhost:8000/v1",
                        base.place(), name, shown));
        return;
    }
    while (shown.ends_with('/')) shown.pop_back();
    for (auto route : kRoutes)
        if (shown.ends_with(route)) {
            notes.warnings.push_back(
                fmt::format("{}litellm_params.{} ends in {}, which is added to it anyway: what goes to other "
                            "routes would "
                            "miss; write {}",
                            base.place(), name, route, shown.substr(0, shown.size() - route.size())));
            return;
        }
}

void check_key(const Node& key, Notes& notes) {
    auto text = trim(key.text);
    auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
    if (lower(text).starts_with("bearer "))
        notes.errors.push_back(fmt::format(
            "{}litellm_params.api_key begins with \"Bearer \"; leave that out, it is added", key.place()));
    else if (std::any_of(text.begin(), text.end(), blank))
        notes.errors.push_back(
            fmt::format("{}litellm_params.api_key has white space in it, which no provider's key has; is "
                        "it more than the key, or broken over lines?",
                        key.place()));
    else if (text.size() > 1 && text.front() == text.back() && (text.front() == '"' || text.front() == '\''))
        notes.errors.push_back(
            fmt::format("{}litellm_params.api_key has quotes around it that would be sent as a part of it; "
                        "leave them out",
                        key.place()));
}

// "${NAME}" and "$NAME", of shells; "os.environ.NAME" and "os.environ[NAME]", of Python.
bool looks_like_variable(std::string_view text) {
    constexpr std::string_view kPython = "os.environ";
    if (text.starts_with(kPython))
        text.remove_prefix(kPython.size());
    else if (!text.starts_with('$'))
        return false;
    bool named = false;
    for (char c : text) {
        bool letter = (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && std::string_view("0123456789$.{}[]'\"/( )").find(c) == std::string_view::npos)
            return false;
        named = named || letter;
    }
    return named;
}

void check_node(const Node& node, const std::string& path, Notes& notes) {
    auto below = [&](std::string_view name) {
        return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
    };
    for (auto& [name, value] : node.members)
        if (!path.empty() || name != "environment_variables") check_node(value, below(name), notes);
    for (auto& item : node.items) check_node(item, path, notes);
    if (!node.missing_variable.empty()) {
        if (path.ends_with("litellm_params.api_key") || path == "general_settings.master_key") return;
        bool address = path.ends_with(".api_base") || path.ends_with(".base_url");
        notes.warnings.push_back(fmt::format("{}{}: the variable {} is not set or empty; {}", node.place(),
                                             path, node.missing_variable,
                                             address ? "calls go to the provider's own address, with the key"
                                                     : "it is as if this line were not there"));
    } else if (node.kind == Node::Kind::Scalar && !node.from_variable && looks_like_variable(node.text)) {
        // Its text is not repeated: it might be a secret that only looks like one.
        notes.errors.push_back(
            fmt::format("{}{} is taken as it stands; a variable is written os.environ/ and its name",
                        node.place(), path));
    }
}

}  // namespace

void check_access(const Node& params, Notes& notes) {
    for (auto name : {"api_base", "base_url", "aws_bedrock_runtime_endpoint"})
        if (auto base = params.find(name); base && base->kind == Node::Kind::Scalar && !base->text.empty())
            check_address(*base, name, notes);
    if (auto key = params.find("api_key"); key && key->kind == Node::Kind::Scalar) check_key(*key, notes);
}

void check_variables(const Node& root, Notes& notes) {
    check_node(root, "", notes);
}

void check_replaced_keys(const Config& config, Notes& notes) {
    for (auto& deployment : config.deployments) {
        if (deployment->missing_key_variable.empty() || deployment->mock_response ||
            is_open_ended(*deployment))
            continue;
        auto endpoint = find_endpoint(*deployment, deployment->litellm_model, config.environment);
        if (!endpoint || endpoint->provider->wire == WireKind::Bedrock) continue;
        auto instead = std::string("without a key");
        for (auto& variable : endpoint->provider->key_env)
            if (first_set({variable}, config.environment) == endpoint->key.reveal() && !endpoint->key.empty())
                instead = fmt::format("with the key of {}", variable);
        notes.warnings.push_back(fmt::format("model {}: the variable {} is not set or empty; it is called {}",
                                             deployment->model_name, deployment->missing_key_variable,
                                             instead));
    }
}

}  // namespace seance::litellm
