#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/base/secret.hpp"
#include "core/runtime/loop.hpp"
#include "platform/remote/failure.hpp"

namespace seance::spaces {

struct BucketOptions {
    std::string endpoint;  // "https://sfo3.digitaloceanspaces.com", without the bucket
    std::string bucket, region;
    std::string access_key_id;
    SecretText secret_access_key;
    std::string ca_file;                          // "" = the system's certificates
    Duration timeout = std::chrono::seconds(30);  // of one try
    double backoff_scale = 1.0;                   // every pause between tries times this: 0 in tests
};

struct BucketState {
    bool exists = false;
    std::vector<std::string>
        cors_origins;  // that may GET from a page, each once, in the order of their rules
};

// One bucket of an S3 service, by path-style requests signed with Signature 4. On one loop. Lost answers and
// overload are tried again; every call may be repeated without harm.
class Bucket {
  public:
    // Throws std::invalid_argument if the endpoint is no URL or has a path, std::runtime_error if ca_file
    // cannot be read. Other bad options are the Failure (User, Auth) of each call.
    Bucket(Loop& loop, BucketOptions options);
    ~Bucket();

    // `with_cors`: also its rules. A bucket of somebody else under this name is a Failure (Auth).
    Awaitable<remote::Reply<BucketState>> read(bool with_cors);
    // Made already, by us: well, too.
    Awaitable<remote::Reply<void>> create();
    // Its rules become one that lets these origins ("https://seance.dev", "*") GET and HEAD; anything else
    // that was there goes. No origins: no rules.
    Awaitable<remote::Reply<void>> set_cors(std::vector<std::string> origins);

    const std::string& name() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace seance::spaces
