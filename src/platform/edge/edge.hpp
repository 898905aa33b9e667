#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "net/http/server.hpp"
#include "net/proxy/reverse_proxy.hpp"
#include "platform/edge/pages.hpp"
#include "platform/edge/static_files.hpp"
#include "platform/edge/table.hpp"

namespace seance::edge {

struct EdgeOptions {
    std::uint16_t port = 8080;
    std::function<StatusPage()> status_page;   // for the dashboard's host
    std::function<std::string()> status_json;  // its /api/status
};

// The one door of the local stack: picks a service by the request's host name, as the platform's edge does in
// production (reference/edge.md section 4), and passes the exchange on.
class Edge {
  public:
    Edge(Loop& loop, Table table, EdgeOptions options);
    void listen();  // throws a sentence if the port is taken
    std::uint16_t port() const { return server_.port(); }
    Awaitable<void> drain() { return server_.drain(); }

  private:
    Awaitable<void> answer(http::Exchange& exchange);
    void answer_dashboard(http::Exchange& exchange);
    void refuse(http::Exchange& exchange);
    proxy::ForwardRules rules_for(http::Exchange& exchange) const;

    Table table_;
    EdgeOptions options_;
    std::map<std::string, std::unique_ptr<StaticFiles>> files_;  // by folder
    proxy::ReverseProxy proxy_;
    http::Server server_;
};

}  // namespace seance::edge
