#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "net/http/server.hpp"

namespace seance::http {

// A table of method, path and handler. A path may end in "/*" (any rest). GET also answers HEAD. A path that
// is known with other methods gives 405 with Allow; an unknown one goes to `otherwise` (default: a 404 page).
class Router {
  public:
    void add(std::string method, std::string path, Handler handler);
    void otherwise(Handler handler) { otherwise_ = std::move(handler); }
    Awaitable<void> operator()(Exchange& exchange) const;

  private:
    struct Route {
        std::string method, path;
        Handler handler;
    };
    std::vector<Route> routes_;
    Handler otherwise_;
};

// Serves /metrics (and /health) of the process on ADMIN_PORT.
Router admin_router();
ServerOptions admin_options();  // of the server that serves it, on ADMIN_PORT

}  // namespace seance::http
