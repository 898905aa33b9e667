#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/images/blob_upload.hpp"
#include "platform/images/image.hpp"
#include "platform/images/progress.hpp"

namespace seance::images {

enum class Transport { ByHost, PlainHttp, Tls };  // ByHost: plain HTTP for this machine, TLS for all others

struct RegistryOptions {
    Transport transport = Transport::ByHost;
    remote::RetryOptions retry;
    UploadOptions upload;
    unsigned parallel = 4;  // blobs of an image that go at once
};

// Limits for a client that pushes: registries take their time to check what they got.
http::ClientOptions registry_client_options();

// What a push did.
struct Pushed {
    std::string reference;  // host/repository:tag@digest: what to deploy
    std::string digest;
    bool unchanged = false;  // the tag pointed there already: nothing was asked or sent beyond that
    std::uint64_t bytes_sent = 0;
    std::size_t uploaded = 0, present = 0, mounted = 0;  // blobs
};

// What a name stands for now.
struct Resolved {
    std::string digest;
    std::string media_type;  // of an index: the digest is the same for every platform
};

// One registry over the Distribution API. Of one loop; its calls may overlap. It remembers which repository
// has which blob and mounts it in the next.
class Registry {
  public:
    // `image`: any name at that registry. The client outlives the registry.
    Registry(http::Client& client, const Reference& image, Credentials credentials,
             RegistryOptions options = {});
    ~Registry();

    // Puts the image there under `target`'s tag, the manifest last. What is there is not sent again.
    Awaitable<Attempt<Pushed>> push(std::shared_ptr<const Image> image, Reference target,
                                    OnProgress progress);

    // The digest behind a tag, by HEAD, which Docker Hub does not count as a pull. Nothing: no such image.
    Awaitable<Attempt<std::optional<Resolved>>> find(Reference image);
    // The same, where the image must be there: for pinning a third party's. FailureKind::NotFound with a
    // sentence.
    Awaitable<Attempt<Resolved>> resolve(Reference image);

    // In the registry's order, which is not by time. At most kMostTags.
    Awaitable<Attempt<std::vector<std::string>>> tags(std::string repository);

    // Whether the registry answers and takes the credentials, for `seance doctor`: asks for the right to pull
    // and push `repository` without doing either.
    Awaitable<Attempt<void>> check(std::string repository);

    static constexpr std::size_t kMostTags = 10'000;

  private:
    struct Push;
    enum class Refusal { IsAFailure, MeansUnknown };
    Awaitable<Attempt<std::optional<Resolved>>> look(Reference image, Scopes scopes, Refusal refusal);
    Awaitable<void> push_blobs(Push& push);
    Awaitable<Attempt<void>> push_blob(Push& push, const Blob& blob);
    Awaitable<Attempt<std::string>> put_manifest(const Blob& manifest, const Reference& target);

    RegistryOptions options_;
    std::string host_;
    RegistryRequests requests_;
    std::map<std::string, std::string> known_;  // digest → a repository that has it
};

}  // namespace seance::images
