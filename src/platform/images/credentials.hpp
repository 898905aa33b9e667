#pragma once
#include <map>
#include <optional>
#include <string>

#include "core/base/secret.hpp"
#include "core/runtime/awaitable.hpp"
#include "platform/images/failure.hpp"
#include "platform/images/reference.hpp"

namespace seance::images {

// How a user proves to a registry who they are. All empty: not at all.
struct Credentials {
    std::string user;
    SecretText password;        // or an access token in its place
    SecretText identity_token;  // instead of both: for the token server's refresh grant
    std::string origin;         // where it was found, for messages

    bool empty() const { return password.empty() && identity_token.empty(); }
};

// The part of Docker's config.json that says where credentials are.
struct DockerConfig {
    std::map<std::string, Credentials> auths;         // by server, as written
    std::map<std::string, std::string> cred_helpers;  // host → helper
    std::string creds_store;                          // helper for all other hosts; "" none
    std::string path;
};

inline constexpr std::uint64_t kMostDockerConfig = 1 << 20;

Outcome<DockerConfig> parse_docker_config(std::string_view text, const std::string& path);

// Names under which a host's credentials may be kept, the usual one first.
std::vector<std::string> credential_keys(const Reference& image);

// $DOCKER_CONFIG/config.json or ~/.docker/config.json; empty if there is none.
Outcome<DockerConfig> read_docker_config();

// What `docker login` has left for the image's registry: from the helper that is named for it, else from the
// file. None is an answer, too: anonymous. A helper that fails or is missing is a Failure.
Awaitable<Attempt<Credentials>> find_credentials(DockerConfig config, Reference image);

}  // namespace seance::images
