#pragma once
#include <memory>

#include "core/runtime/service.hpp"
#include "net/http/server.hpp"
#include "services/landing/settings.hpp"
#include "services/landing/site.hpp"

namespace seance::landing {

// The service on one loop. The first of them also has the admin port and passes a reload on to the site.
class App final : public Unit {
  public:
    App(Loop& loop, unsigned index, const Settings& settings, Site& site);
    ~App() override;

    Awaitable<void> drain() override;
    void reload() override;
    std::uint16_t port() const { return server_.port(); }

  private:
    Loop& loop_;
    Site& site_;
    bool first_;
    std::shared_ptr<files::FileServer> files_;
    http::Server server_, admin_;
};

// routes.cpp: what each request gets.
http::Handler make_handler(const files::FileServer& files);

}  // namespace seance::landing
