#pragma once
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace seance::images {

// The name of an image: [host[:port]/]repository[:tag][@digest] (deploy-apis.md section 3.1).
struct Reference {
    std::string host;        // "docker.io", "localhost:5000", "[::1]:5000"
    std::string repository;  // "seance/backend"; on Docker Hub "library/redis" for "redis"
    std::string tag;         // "" if none is given
    std::string digest;      // "sha256:…" or ""

    bool operator==(const Reference&) const = default;

    std::string api_host() const;        // who answers /v2/: registry-1.docker.io for docker.io
    std::string credential_key() const;  // under which Docker keeps its credentials
    // What stands behind /manifests/: the digest, else the tag, else "latest".
    std::string_view manifest_name() const;
    std::string name() const;  // host/repository
    std::string text() const;  // host/repository[:tag][@digest]; parses to the same again
};

inline constexpr std::size_t kMostReference = 512;
inline constexpr std::size_t kMostRepository = 255;
inline constexpr std::size_t kMostTag = 128;

Outcome<Reference> parse_reference(std::string_view text);

bool is_digest(std::string_view text);      // sha256: and 64 lower-case hex digits
bool is_tag(std::string_view text);         // [A-Za-z0-9_][A-Za-z0-9._-]{0,127}
bool is_repository(std::string_view text);  // lower-case parts joined by "/"

}  // namespace seance::images
