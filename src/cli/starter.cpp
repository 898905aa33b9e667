#include "cli/starter.hpp"

#include <string_view>

namespace seance::cli {

namespace {

constexpr std::string_view kStack =
    R"(# The product as data: what runs, on what it depends and where it is reached. After each change:  seance doctor
project: @NAME@
# Where the images that seance makes are pushed to; their tag is the git commit.
registry: docker.io/@NAME@

environments:
  # This machine, without any account:  seance up  and then  http://@NAME@.localhost:8080
  local:
    target: local
    domain: @NAME@.localhost
    prefix: dev
    # Secrets made at the first start and kept in .seance/secrets: 64 random hex digits after this.
    # generate: {api_key: sk-}
    env:
      web: {ADDRESS: 127.0.0.1, LANDING_ROOT: "${root}/web"}

  # Out in the world:  seance deploy -e production
  production:
    target: railway
    domain: @DOMAIN@
    prefix: prod
    # Writes the DNS records too; without it `deploy` and `domains` say which ones you have to write.
    # dns: cloudflare
    # A file encrypted with SOPS, and what must be in it before a service goes out:
    # secrets: deploy/secrets.production.yaml
    # require: {web: [API_KEY]}
    env:
      web: {LANDING_ROOT: /srv/web}

services:
  # The site in web/, served by a program that comes with seance; its settings: seance-landing --help
  web:
    # The first of these programs (it may be a list) that is in build/bin here, beside seance or on PATH.
    program: seance-landing
    # Where it is made from. seance makes the image: the program, its libraries, and these files.
    source: web
    files: {web: /srv/web}
    port: 8080
    # "@" is the domain itself. Without a subdomain a service is reached by the others only.
    subdomain: "@"
    health: /health
    # needs: [db]                     # started first, and healthy before this one starts
    # env: {DB_HOST: "${services.db.host}"}
    # secrets: [API_KEY]              # from the shell here, from the secrets file out there
    # replicas: 2
    # resources: {cpu: 0.5, memory: 512MB}

  # Services of your own are reached by each other as ${services.NAME.host} and ${services.NAME.port}, find their
  # port in PORT, and are shipped so:
  #   a compiled program: `source`, as above (`args` are for this machine alone);
  #   anything else (Python, Node.js, …): `image: docker.io/@NAME@/api:1`, which you build and push yourself;
  #     `program` and `args` say what stands in for it on this machine.
  # db:
  #   program: [valkey-server, redis-server]
  #   args: [--port, "${port}", --dir, "${volume}"]
  #   image: docker.io/valkey/valkey:8-alpine
  #   port: 6379
  #   health: redis-ping
  #   volume: /data
)";

constexpr std::string_view kPage = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>@NAME@</title>
<h1>@NAME@ runs</h1>
<p>This page is web/index.html; stack.yaml says what serves it.</p>
</html>
)";

std::string filled(std::string_view text, std::string_view name, std::string_view domain) {
    std::string out;
    while (!text.empty()) {
        const auto at = text.find('@');
        out += text.substr(0, at);
        if (at == std::string_view::npos) break;
        text.remove_prefix(at);
        if (text.starts_with("@NAME@")) {
            out += name;
            text.remove_prefix(6);
        } else if (text.starts_with("@DOMAIN@")) {
            out += domain;
            text.remove_prefix(8);
        } else {
            out += '@';
            text.remove_prefix(1);
        }
    }
    return out;
}

}  // namespace

std::string starter_stack(const std::string& name, const std::string& domain) {
    return filled(kStack, name, domain);
}

std::string starter_page(const std::string& name) {
    return filled(kPage, name, {});
}

}  // namespace seance::cli
