#include "platform/edge/edge.hpp"

#include <fmt/format.h>

#include <chrono>

#include "core/base/text.hpp"

namespace seance::edge {

namespace {

http::ServerOptions server_options() {
    http::ServerOptions options;
    options.health_names_commit = false;  // the service behind says its own
    options.log_requests = false;         // each service logs its own
    options.port_setting = "--edge-port";
    return options;
}

http::ClientOptions client_options() {
    http::ClientOptions options;
    // Node's servers close an idle connection after five seconds; a pool that outlives them makes sporadic
    // 502s.
    options.idle_timeout = std::chrono::seconds(4);
    return options;
}

http::Response html(int status, std::string body) {
    http::Response response;
    response.status = status;
    response.fields.add("Content-Type", "text/html; charset=utf-8");
    response.fields.add("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

// A person gets a page that asks again, a program the sentence.
http::Response fault(http::Exchange& exchange, int status) {
    const auto& head = exchange.head();
    auto plain = http::error_page(status, exchange.request_id());
    if (head.method != "GET" || head.fields.get("Accept").find("text/html") == std::string_view::npos)
        return plain;
    return html(status, render_fault(host_name(head.authority),
                                     fmt::format("{} {}", status, http::reason_phrase(status)),
                                     exchange.request_id()));
}

}  // namespace

Edge::Edge(Loop& loop, Table table, EdgeOptions options)
    : table_(std::move(table)),
      options_(std::move(options)),
      proxy_(std::make_shared<http::ConnectionPool>(loop, client_options()), proxy::Networks{}),
      server_(loop, server_options(), [this](http::Exchange& exchange) { return answer(exchange); }) {
    for (const auto& [host, target] : table_.all())
        if (target->kind == Target::Files)
            files_[target->folder] = std::make_unique<StaticFiles>(target->folder);
}

void Edge::listen() {
    server_.listen("127.0.0.1", options_.port);
}

// What the platform's edge adds in production. Nobody is trusted to set these: the list of networks is empty.
proxy::ForwardRules Edge::rules_for(http::Exchange& exchange) const {
    using std::chrono::duration_cast, std::chrono::milliseconds;
    proxy::ForwardRules rules;
    rules.headers.keep_host = true;
    rules.headers.via = "seance-edge";
    rules.wait_for_start = std::chrono::seconds(10);
    rules.error_page = &fault;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    rules.headers.add_request = {
        {"X-Railway-Edge", "local"},
        {"X-Request-Start", std::to_string(duration_cast<milliseconds>(now).count())},
        {"X-Railway-Request-Id", exchange.request_id()}};
    return rules;
}

Awaitable<void> Edge::answer(http::Exchange& exchange) {
    const auto* target = table_.find(exchange.head().authority);
    if (!target) {
        refuse(exchange);
        co_return;
    }
    switch (target->kind) {
        case Target::Dashboard:
            answer_dashboard(exchange);
            co_return;
        case Target::Files:
            co_await files_.at(target->folder)->answer(exchange);
            co_return;
        case Target::Service:
            break;
    }
    proxy::Upstream upstream;
    upstream.origin.host = "127.0.0.1";
    upstream.origin.port = target->port;
    const auto rules = rules_for(exchange);
    co_await proxy_.forward(exchange, upstream, rules);
}

void Edge::answer_dashboard(http::Exchange& exchange) {
    const auto path = exchange.head().path();
    if (exchange.head().method != "GET" && exchange.head().method != "HEAD") {
        auto refused = http::error_page(405, exchange.request_id());
        refused.fields.set("Allow", "GET, HEAD");
        exchange.reply(std::move(refused));
    } else if (path == "/") {
        exchange.reply(html(200, render_status_page(options_.status_page())));
    } else if (path == "/api/status") {
        auto response = http::json_response(200, options_.status_json());
        response.fields.set("Cache-Control", "no-store");
        exchange.reply(std::move(response));
    } else if (path == "/health") {
        exchange.reply(http::text_response(200, "ok\n"));
    } else {
        exchange.reply(http::error_page(404, exchange.request_id()));
    }
}

void Edge::refuse(http::Exchange& exchange) {
    const auto& head = exchange.head();
    if (head.path() == "/health" && (head.method == "GET" || head.method == "HEAD"))
        return exchange.reply(http::text_response(200, "ok\n"));
    std::vector<std::string> urls;
    for (const auto& [host, target] : table_.all())
        urls.push_back(fmt::format("http://{}:{}/", host, server_.port()));
    exchange.reply(html(421, render_unknown_host(host_name(head.authority), urls)));
}

}  // namespace seance::edge
