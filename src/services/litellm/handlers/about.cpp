#include "services/litellm/handlers/about.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/text.hpp"
#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/routes.hpp"

namespace seance::litellm {
namespace {

constexpr std::string_view kAnyMethod[] = {"get", "post", "put", "patch", "delete"};

std::string describe(const Route& route) {
    JsonObject operation;
    operation.text("operationId", route.name);
    if (auto open = route.path.find('{'); open != std::string_view::npos) {
        auto name = route.path.substr(open + 1, route.path.find('}') - open - 1);
        JsonObject parameter;
        parameter.text("name", name).text("in", "path").raw("required", "true");
        parameter.raw("schema", "{\"type\":\"string\"}");
        operation.raw("parameters", "[" + parameter.str() + "]");
    }
    operation.raw("responses", "{\"200\":{\"description\":\"the answer\"}}");
    return operation.str();
}

// The table of routes as OpenAPI 3.1, each path with its methods.
std::string openapi() {
    std::map<std::string_view, JsonObject> paths;
    for (auto& route : routes()) {
        auto& operations = paths[route.path];
        if (route.method != "*")
            operations.raw(lower(route.method), describe(route));
        else
            for (auto method : kAnyMethod) operations.raw(method, describe(route));
    }
    JsonObject all;
    for (auto& [path, operations] : paths) all.raw(path, operations.str());
    JsonObject info, document;
    info.text("title", "Seance LLM gateway").text("version", gateway_version());
    document.text("openapi", "3.1.0").raw("info", info.str()).raw("paths", all.str());
    document.raw("security", "[{\"key\":[]}]");
    document.raw("components", "{\"securitySchemes\":{\"key\":{\"type\":\"http\",\"scheme\":\"bearer\"}}}");
    return document.str();
}

}  // namespace

Awaitable<void> say_hello(Gateway&, http::Exchange& exchange, std::string) {
    reply_json(exchange, 200, "\"LiteLLM: RUNNING\"");
    co_return;
}

Awaitable<void> say_test(Gateway&, http::Exchange& exchange, std::string) {
    reply_json(exchange, 200, "{\"route\":\"/test\"}");
    co_return;
}

Awaitable<void> list_routes(Gateway&, http::Exchange& exchange, std::string) {
    std::string list;
    for (auto& route : routes())
        list += fmt::format("{}{{\"path\":{},\"methods\":[\"{}\"],\"name\":{}}}", list.empty() ? "" : ",",
                            json_quote(route.path), route.method, json_quote(route.name));
    reply_json(exchange, 200, fmt::format("{{\"routes\":[{}]}}", list));
    co_return;
}

Awaitable<void> show_openapi(Gateway&, http::Exchange& exchange, std::string) {
    reply_json(exchange, 200, openapi());
    co_return;
}

Awaitable<void> show_docs(Gateway&, http::Exchange& exchange, std::string) {
    std::string rows;
    for (auto& route : routes())
        rows += fmt::format("<tr><td>{}<td><code>{}</code>\n", route.method == "*" ? "any" : route.method,
                            route.path);
    auto fields = common_fields(exchange.head(), call_id(exchange.head()));
    fields.set("Content-Type", "text/html; charset=utf-8");
    fields.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    http::Response response{
        200, std::move(fields),
        fmt::format("<!doctype html><html lang=en><meta charset=utf-8><title>Routes of the LLM "
                    "gateway</title>\n<h1>Routes of the LLM gateway</h1>\n<p>The same for programs: <a "
                    "href=openapi.json>openapi.json</a>. Keys, models and spend: <a href=ui/>the "
                    "page</a>.\n<table>\n{}</table>\n",
                    rows)};
    exchange.reply(std::move(response));
    co_return;
}

}  // namespace seance::litellm
