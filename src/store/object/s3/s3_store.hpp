#pragma once
#include "store/object/object_store.hpp"
#include "store/object/s3/requests.hpp"

namespace seance::object {

// Objects in a bucket of an S3 server: DigitalOcean Spaces, AWS, Swift with s3api. Bodies larger than one
// part are uploaded in parts, one part in memory at a time; an upload that fails is aborted.
class S3Store final : public ObjectStore {
  public:
    S3Store(http::Client& client, S3Options options);

    Awaitable<Stored<ObjectInfo>> put_from(std::string key, BodySource& body, PutOptions options) override;
    Awaitable<Stored<std::unique_ptr<ObjectReader>>> open(std::string key) override;
    Awaitable<Stored<ObjectInfo>> head(std::string key) override;
    Awaitable<Stored<void>> remove(std::string key) override;
    Awaitable<Stored<void>> copy(std::string from, std::string to, bool is_public) override;
    Awaitable<Stored<Listing>> list(std::string prefix, std::string after, std::size_t most) override;

  private:
    class Parts;
    Awaitable<Stored<std::string>> put_whole(const std::string& key, std::string body,
                                             const PutOptions& options);
    Awaitable<Stored<std::string>> put_in_parts(const std::string& key, std::string first, std::string second,
                                                Parts& parts, const PutOptions& options, std::uint64_t& size);
    Awaitable<Stored<std::string>> upload_parts(const std::string& key, const std::string& upload,
                                                std::string first, std::string second, Parts& parts,
                                                std::uint64_t& size);
    Awaitable<Stored<http::WholeResponse>> send(S3Request request);

    S3Requests requests_;
};

}  // namespace seance::object
