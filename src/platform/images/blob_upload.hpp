#pragma once
#include "platform/images/layer.hpp"
#include "platform/images/progress.hpp"
#include "platform/images/registry_requests.hpp"

namespace seance::images {

struct UploadOptions {
    // Up to this size a blob goes in one request; a larger one in pieces of it, each of which is safe once it
    // is answered.
    std::uint64_t chunk = 16 << 20;
};

// How one blob came to be in a repository.
struct BlobOutcome {
    BlobProgress::State state = BlobProgress::State::Present;
    std::uint64_t sent = 0;  // bytes of it that were sent, repetitions too
};

// One blob on its way into one repository (deploy-apis.md section 3.3): looked for, mounted from another
// repository, or uploaded; an upload that breaks off goes on where the registry says it stands.
class BlobUpload {
  public:
    BlobUpload(RegistryRequests& requests, std::string repository, const Blob& blob, UploadOptions options);

    // `mount_from`: another repository of the registry that has the blob, or "". `report` is called with the
    // bytes that are with the registry.
    Awaitable<Attempt<BlobOutcome>> run(std::string mount_from, std::function<void(std::uint64_t)> report);

  private:
    Awaitable<Attempt<bool>> is_present();
    Awaitable<Attempt<bool>> mount_or_open(std::string from);  // true: mounted
    Awaitable<Attempt<void>> open();
    Awaitable<Attempt<bool>> upload();  // false: the registry has forgotten it, begin anew
    Awaitable<Attempt<http::WholeResponse>> send_next();
    Awaitable<Attempt<bool>> recover();
    Awaitable<void> give_up();
    Attempt<void> take_location(const http::WholeResponse& answer, const http::Url& base);
    RegistryRequest request(std::string method, http::Url url) const;
    std::string uploads() const { return "/v2/" + repository_ + "/blobs/uploads/"; }

    RegistryRequests& requests_;
    std::string repository_;
    const Blob& blob_;
    UploadOptions options_;
    Scopes scopes_;
    std::string doing_;
    std::function<void(std::uint64_t)> report_;
    http::Url location_;
    bool open_ = false;         // location_ is an upload that the registry knows
    std::uint64_t offset_ = 0;  // what the registry has
    std::uint64_t least_chunk_ = 0;
    std::uint64_t sent_ = 0;
};

// "0-1023" or "bytes=0-1023" of a Range field: how many bytes are there. "0-0" stands for none.
std::optional<std::uint64_t> parse_received(std::string_view range);

}  // namespace seance::images
