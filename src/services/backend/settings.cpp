#include "services/backend/settings.hpp"

#include <fmt/format.h>

#include "core/base/hash.hpp"
#include "core/base/text.hpp"
#include "core/config/ports.hpp"
#include "store/object/key.hpp"

namespace seance::backend {
namespace {

void read_s3(config::Reader& read, Settings& s) {
    std::string endpoint;
    bool wanted = s.store == StoreKind::S3;
    read(s.s3.credentials.id, "SPACES_ACCESS_KEY_ID",
         {.about = "Access key of the bucket", .required = wanted});
    read(s.s3.credentials.secret, "SPACES_SECRET_ACCESS_KEY",
         {.about = "Secret of the access key", .required = wanted});
    read(s.s3.bucket, "SPACES_BUCKET", {.about = "Bucket that holds the releases", .required = wanted});
    read(s.s3.credentials.region, "SPACES_REGION",
         {.about = "Region of the bucket, such as sfo3", .required = wanted});
    read(endpoint, "SPACES_ENDPOINT",
         {.about = "S3 endpoint without the bucket, such as https://sfo3.digitaloceanspaces.com",
          .required = wanted});
    read(s.s3.path_style, "SPACES_PATH_STYLE",
         {.about =
              "Put the bucket into the path, not the host name: for S3 servers other than Spaces and AWS"});
    if (endpoint.empty()) return;
    auto url = http::parse_url(endpoint);
    if (!url || url->target != "/")
        return read.problem(
            fmt::format("SPACES_ENDPOINT is \"{}\"; write a URL without a path, such as "
                        "https://sfo3.digitaloceanspaces.com",
                        endpoint));
    s.s3.endpoint = url->origin;
}

void check_hashes(config::Reader& read, const char* name, std::vector<std::string>& hashes) {
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        // Not repeated in the message: someone may have put the key itself here.
        if (!is_hex(hashes[i], 64))
            read.problem(
                fmt::format("{}: entry {} is not a SHA-256 in hex (64 digits); `seance keys new` prints one",
                            name, i + 1));
        hashes[i] = lower(hashes[i]);
    }
}

void check_prefix(config::Reader& read, std::string& prefix) {
    while (prefix.ends_with('/')) prefix.pop_back();
    auto problem = object::key_problem(prefix);
    if (!problem.empty())
        read.problem(fmt::format("SPACES_PATH_PREFIX {}; write a plain path such as prod", problem));
    else if (prefix.front() == '.')
        read.problem("SPACES_PATH_PREFIX begins with a dot; write a plain path such as prod");
}

void read_room_tokens(config::Reader& read, Settings& s) {
    read(s.room_token_secret, "ROOM_TOKEN_SECRET",
         {.about = "Key that room tokens are signed with, the same as signaling's; none: none are issued"});
    if (auto size = s.room_token_secret.reveal().size(); size > 0 && size < 32)
        read.problem(
            fmt::format("ROOM_TOKEN_SECRET has {} characters and needs at least 32; `openssl rand -hex 32` "
                        "prints a good one",
                        size));
    read(s.room_issuer_key_hashes, "ROOM_ISSUER_KEY_HASHES",
         {.about = "SHA-256 (hex) of each key that may ask for room tokens; none: nobody may"});
    check_hashes(read, "ROOM_ISSUER_KEY_HASHES", s.room_issuer_key_hashes);
    read(s.room_token_longest, "ROOM_TOKEN_LONGEST",
         {.about = "Longest lifetime of a room token", .min = 1000});
}

void read_valkey(config::Reader& read, valkey::Address& valkey) {
    auto address = valkey::read_address(
        read, "REDIS_URL",
        {.about = "Where Valkey is: redis://[user:password@]host[:port][/db], rediss:// for TLS"});
    read(valkey.host, "REDIS_HOST", {.about = "Without REDIS_URL: host name or address of Valkey"});
    read(valkey.port, "REDIS_PORT", {.about = "Port of Valkey", .min = 1, .max = 65535});
    read(valkey.password, "REDIS_PASSWORD", {.about = "Password of Valkey; none: it asks for none"});
    if (address) valkey = std::move(*address);
}

}  // namespace

Settings read_settings(config::Reader& read) {
    Settings s;
    read(s.port, "PORT",
         {.about = "TCP port to listen on; 0: any free one, written to the log", .max = 65535});
    read(s.address, "ADDRESS", {.about = "Address to listen on; :: is every interface, IPv4 too"});
    read(s.admin_port, "ADMIN_PORT", {.about = "Port of /metrics, on loopback only; 0: none", .max = 65535});
    config::check_admin_port(read, s.admin_port, s.port, s.address);

    std::string store = "directory";
    read(store, "OBJECT_STORE", {.about = "Where published files are kept", .one_of = {"directory", "s3"}});
    s.store = store == "s3" ? StoreKind::S3 : StoreKind::Directory;
    read(s.object_directory, "OBJECT_DIRECTORY",
         {.about = "Folder of the objects, with OBJECT_STORE=directory"});
    read_s3(read, s);
    read(s.cdn_endpoint, "SPACES_CDN_ENDPOINT",
         {.about =
              "Public base URL of the objects; published files are at it + SPACES_PATH_PREFIX + their path",
          .required = s.store == StoreKind::S3});
    while (s.cdn_endpoint.ends_with('/')) s.cdn_endpoint.pop_back();
    if (!http::parse_url(s.cdn_endpoint))
        read.problem(
            fmt::format("SPACES_CDN_ENDPOINT is \"{}\"; write an http or https URL", s.cdn_endpoint));
    read(s.path_prefix, "SPACES_PATH_PREFIX",
         {.about = "First part of every object's key, such as prod or dev"});
    check_prefix(read, s.path_prefix);

    read_valkey(read, s.valkey);

    read(s.builder_key_hashes, "BUILDER_KEY_HASHES",
         {.about = "SHA-256 (hex) of each builder key that may publish; none: nobody may"});
    check_hashes(read, "BUILDER_KEY_HASHES", s.builder_key_hashes);
    read_room_tokens(read, s);
    read(s.allowed_origins, "ALLOWED_ORIGINS",
         {.about = "Origins whose pages may call this API with credentials, such as https://seance.dev"});
    read(s.max_deploy_body, "MAX_DEPLOY_BODY",
         {.about = "Largest body of POST /deploy in bytes; it is held in memory",
          .min = 1024,
          .max = 2'000'000'000});
    read(s.max_deploy_files, "MAX_DEPLOY_FILES",
         {.about = "Most files of one POST /deploy", .min = 1, .max = 100'000});
    read(s.stripe_secret_key, "STRIPE_SECRET_KEY",
         {.about = "Stripe API key; none: billing routes answer 503"});
    read(s.stripe_webhook_secret, "STRIPE_WEBHOOK_SECRET", {.about = "Signing secret of the Stripe webhook"});
    read(s.drain_timeout, "DRAIN_TIMEOUT", {.about = "For everything to end after SIGTERM", .min = 100});
    return s;
}

}  // namespace seance::backend
