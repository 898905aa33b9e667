#pragma once
#include <memory>
#include <string>

#include "core/runtime/worker.hpp"
#include "net/aws/sigv4.hpp"
#include "net/http/client.hpp"
#include "store/object/failure.hpp"
#include "store/object/s3/answer.hpp"

namespace seance::object {

using aws::Credentials;
using aws::Pairs;
using aws::WallTime;

struct S3Options {
    http::Origin endpoint;  // without the bucket
    std::string bucket;
    Credentials credentials;
    bool path_style = false;            // endpoint/bucket/key, else bucket.endpoint/key
    std::uint64_t part_size = 8 << 20;  // of multipart uploads; S3 wants at least 5 MiB
    int attempts = 5;                   // of each request
    Duration first_pause = std::chrono::milliseconds(200), longest_pause = std::chrono::seconds(5);
};

struct S3Request {
    std::string method;
    std::string key;  // "" = the bucket itself
    Pairs query, headers;
    std::string body;
    bool success_may_hide_error = false;  // CompleteMultipartUpload, CopyObject
};

// Signs requests, sends them and repeats them with growing, random pauses while the store is overloaded or
// away. A request that is refused for its time is signed once more by the store's clock.
class S3Requests {
  public:
    S3Requests(http::Client& client, S3Options options) : client_(client), options_(std::move(options)) {}

    // A success (2xx) with its whole body, or why there is none.
    Awaitable<Stored<http::WholeResponse>> send(S3Request request);
    // A success whose body the caller reads.
    Awaitable<Stored<http::ResponseStream>> open(S3Request request);

    const S3Options& options() const { return options_; }
    Worker& worker() { return worker_; }

  private:
    class Attempts;
    Awaitable<Stored<http::ResponseStream>> open_within(const S3Request& request, Attempts& attempts);
    http::Request sign(const S3Request& request, const std::string& payload_hash, std::string body) const;
    http::Origin origin() const;

    http::Client& client_;
    S3Options options_;
    Worker worker_{1};  // hashes bodies
    std::chrono::system_clock::duration clock_offset_{0};
};

}  // namespace seance::object
