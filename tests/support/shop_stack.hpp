#pragma once
#include <gtest/gtest.h>

#include <string>

#include "platform/exports/exported.hpp"
#include "platform/stack/parse.hpp"

namespace seance::testing_support {

// Another product's stack: nothing of Séance's own.
inline constexpr const char* kShop = R"yaml(
project: shop
registry: registry.example/team
environments:
  live:
    target: railway
    domain: shop.example
    prefix: p
    dns: cloudflare
    secrets: s.yaml
    require: {api: [DB_PASSWORD]}
    spaces: {bucket: shop-files, region: ams3, cors: ["https://${domain}"]}
    drain: 45s
    start: {db: 'db-server --save "" --dir /data'}
    env:
      api:
        PRICE: "$5 ${prefix}"
        TEMPLATE: "%{x} $${y} $(z)"
        KEY_HASH: ${secret_sha256.api_key}
        URL: "https://user:${secret.api_key}@host"
services:
  api:
    source: src/api
    port: 8000
    subdomain: api
    health: /up
    needs: [db, worker]
    env: {DB: "${services.db.host}:${services.db.port}", SELF: "${url.api}"}
    secrets: [STRIPE_KEY]
    replicas: 3
    resources: {cpu: 0.5, memory: 512MB}
    start_timeout: 41s
  web: {source: src/web, port: 80, subdomain: "@", health: /, env: {API: "${url.api}"}}
  db: {image: "db:8", port: 6379, health: redis-ping, volume: /data, files: {db.conf: /etc/db.conf}}
  worker: {source: src/worker, port: 9000, health: /ready, volume: /spool, restart: on-failure}
  admin: {source: src/admin, port: 8000, subdomain: admin, needs: [db]}
)yaml";

// Keeps the stack that a Request refers to.
class ShopStack {
  public:
    explicit ShopStack(const std::string& text = kShop) : parsed_(stack::parse_stack(text)) {
        for (const auto& problem : parsed_.problems) ADD_FAILURE() << print(problem, "stack.yaml");
    }
    exports::Request request() const {
        return {parsed_.stack, parsed_.stack.environments.at(0), "1a2b3c4", images};
    }

    std::map<std::string, std::string> images;

  private:
    stack::Parsed parsed_;
};

}  // namespace seance::testing_support
