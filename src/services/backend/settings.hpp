#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/config/reader.hpp"
#include "store/object/s3/requests.hpp"
#include "store/valkey/address.hpp"

namespace seance::backend {

enum class StoreKind { Directory, S3 };

struct Settings {
    std::uint16_t port = 8765;
    std::string address = "::";
    std::uint16_t admin_port = 0;

    StoreKind store = StoreKind::Directory;
    std::string object_directory = ".seance/objects";
    object::S3Options s3;
    std::string cdn_endpoint = "http://cdn.seance.localhost:8080";  // without a slash at the end
    std::string path_prefix = "prod";

    valkey::Address valkey;
    std::vector<std::string> builder_key_hashes;  // lower-case hex SHA-256
    std::vector<std::string> allowed_origins;
    SecretText room_token_secret;                     // the signaling service's
    std::vector<std::string> room_issuer_key_hashes;  // lower-case hex SHA-256
    Duration room_token_longest = std::chrono::hours(24);
    std::uint64_t max_deploy_body = 100 << 20;
    std::uint64_t max_deploy_files = 10'000;
    SecretText stripe_secret_key, stripe_webhook_secret;
    Duration drain_timeout = std::chrono::seconds(25);
};

// Problems are kept by the reader.
Settings read_settings(config::Reader& read);

}  // namespace seance::backend
