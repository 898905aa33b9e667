#include "platform/images/blob_upload.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"

namespace seance::images {
namespace {

constexpr int kMostStarts = 4;

bool is_success(const http::WholeResponse& answer) {
    return answer.status >= 200 && answer.status < 300;
}

}  // namespace

std::optional<std::uint64_t> parse_received(std::string_view range) {
    if (range.starts_with("bytes=")) range.remove_prefix(6);
    if (!range.starts_with("0-")) return std::nullopt;
    auto last = parse_number(range.substr(2));
    if (!last) return std::nullopt;
    return *last == 0 ? 0 : *last + 1;
}

BlobUpload::BlobUpload(RegistryRequests& requests, std::string repository, const Blob& blob,
                       UploadOptions options)
    : requests_(requests),
      repository_(std::move(repository)),
      blob_(blob),
      options_{std::max<std::uint64_t>(options.chunk, 1)},
      scopes_{fmt::format("repository:{}:pull,push", repository_)},
      doing_(fmt::format("uploading {} to {}", blob.digest.substr(0, 19), repository_)) {}

RegistryRequest BlobUpload::request(std::string method, http::Url url) const {
    RegistryRequest out;
    out.method = std::move(method);
    out.url = std::move(url);
    out.scopes = scopes_;
    out.doing = doing_;
    return out;
}

Attempt<void> BlobUpload::take_location(const http::WholeResponse& answer, const http::Url& base) {
    auto location = requests_.resolve(base, answer.fields.get("location"), doing_);
    if (!location) return location.error();
    location_ = std::move(*location);
    return {};
}

Awaitable<Attempt<BlobOutcome>> BlobUpload::run(std::string mount_from,
                                                std::function<void(std::uint64_t)> report) {
    report_ = std::move(report);
    BlobOutcome outcome;
    for (int start = 0;; ++start) {
        auto present = co_await is_present();
        if (!present) co_return present.error();
        if (*present) break;
        if (start > 0) mount_from.clear();
        auto mounted = co_await mount_or_open(mount_from);
        if (!mounted) co_return mounted.error();
        outcome.state = BlobProgress::State::Mounted;
        if (*mounted) break;
        outcome.state = BlobProgress::State::Done;
        auto uploaded = co_await upload();
        if (uploaded && *uploaded) break;
        if (!uploaded || start + 1 == kMostStarts) co_await give_up();
        if (!uploaded) co_return uploaded.error();
        if (start + 1 == kMostStarts)
            co_return requests_.nonsense(doing_, fmt::format("lost the upload {} times", kMostStarts));
    }
    outcome.sent = sent_;
    co_return outcome;
}

Awaitable<Attempt<bool>> BlobUpload::is_present() {
    auto head = request("HEAD", requests_.url(fmt::format("/v2/{}/blobs/{}", repository_, blob_.digest)));
    auto answer = co_await requests_.send(std::move(head));
    if (!answer) co_return answer.error();
    if (answer->status == 200) co_return true;
    if (answer->status == 404) co_return false;
    co_return requests_.explain(*answer, doing_);
}

Awaitable<Attempt<bool>> BlobUpload::mount_or_open(std::string from) {
    if (!from.empty() && from != repository_) {
        auto target = with_query(with_query(uploads(), "mount", blob_.digest), "from", from);
        auto mount = request("POST", requests_.url(std::move(target)));
        mount.scopes.insert(fmt::format("repository:{}:pull", from));
        auto url = mount.url;
        auto answer = co_await requests_.send(std::move(mount));
        if (answer && answer->status == 201) co_return true;
        if (answer && answer->status == 202) {  // not mounted, but an upload is open
            if (auto taken = take_location(*answer, url); !taken) co_return taken.error();
            least_chunk_ = parse_number(answer->fields.get("oci-chunk-min-length")).value_or(0);
            open_ = true;
            offset_ = 0;
            co_return false;
        }
        // Whatever it does not like about the mount: it may still take an upload.
    }
    auto opened = co_await open();
    if (!opened) co_return opened.error();
    co_return false;
}

Awaitable<Attempt<void>> BlobUpload::open() {
    auto post = request("POST", requests_.url(uploads()));
    auto url = post.url;
    auto answer = co_await requests_.send(std::move(post));
    if (!answer) co_return answer.error();
    if (answer->status != 202) co_return requests_.explain(*answer, doing_);
    least_chunk_ = parse_number(answer->fields.get("oci-chunk-min-length")).value_or(0);
    offset_ = 0;
    open_ = true;
    co_return take_location(*answer, url);
}

// The whole blob in one PUT if nothing of it is there and it is small; else a piece, or the end of it.
Awaitable<Attempt<http::WholeResponse>> BlobUpload::send_next() {
    std::string_view bytes = *blob_.bytes;
    const bool whole = offset_ == 0 && bytes.size() <= options_.chunk;
    const bool end = offset_ == bytes.size();
    auto next = request(whole || end ? "PUT" : "PATCH", location_);
    next.retried = false;
    if (whole || end) next.url.target = with_query(std::move(next.url.target), "digest", blob_.digest);
    if (!end) {
        next.body = whole ? bytes : bytes.substr(offset_, std::max(options_.chunk, least_chunk_));
        next.fields.add("Content-Type", "application/octet-stream");
        if (!whole)
            next.fields.add("Content-Range", fmt::format("{}-{}", offset_, offset_ + next.body.size() - 1));
        next.on_sent = [this, before = sent_](std::uint64_t sent) {
            sent_ = before + sent;
            if (report_) report_(offset_ + sent);
        };
    }
    const auto size = next.body.size();
    const auto url = next.url;
    auto answer = co_await requests_.send(std::move(next));
    if (!answer || whole || end || answer->status != 202) co_return answer;
    if (auto taken = take_location(*answer, url); !taken) co_return taken.error();
    offset_ = parse_received(answer->fields.get("range")).value_or(offset_ + size);
    if (offset_ > bytes.size()) co_return requests_.nonsense(doing_, "has more of the blob than there is");
    co_return answer;
}

Awaitable<Attempt<bool>> BlobUpload::upload() {
    std::uint64_t furthest = 0;
    for (remote::Backoff backoff(requests_.retry());;) {
        auto answer = co_await send_next();
        if (!answer && answer.error().kind != FailureKind::Unreachable) co_return answer.error();
        const int status = answer ? answer->status : 0;
        if (status == 201 || status == 204) {
            auto digest = answer->fields.get("docker-content-digest");
            if (!digest.empty() && digest != blob_.digest)
                co_return requests_.nonsense(doing_, fmt::format("stored it as {}", digest));
            open_ = false;
            co_return true;
        }
        if (status == 202) {
            if (std::exchange(furthest, std::max(furthest, offset_)) < offset_) backoff.restart();
            continue;
        }
        // Upload ids are forgotten after restarts, and some registries end an upload that broke off.
        if (status == 404 || (status == 400 && has_code(*answer, "BLOB_UPLOAD_INVALID"))) co_return false;
        const bool wrong_place = status == 416;
        if (answer && !wrong_place && !is_passing(status)) co_return requests_.explain(*answer, doing_);
        if (!co_await remote::another_try(backoff, answer ? &answer->fields : nullptr)) {
            if (!answer) co_return answer.error();
            co_return requests_.explain(*answer, doing_);
        }
        auto standing = co_await recover();
        if (!standing) co_return standing.error();
        if (!*standing) co_return false;
        if (std::exchange(furthest, std::max(furthest, offset_)) < offset_) backoff.restart();
    }
}

// Asks how much of the upload is there. False if it has to begin anew.
Awaitable<Attempt<bool>> BlobUpload::recover() {
    auto ask = request("GET", location_);
    auto url = ask.url;
    auto answer = co_await requests_.send(std::move(ask));
    if (!answer) co_return answer.error();
    auto received = parse_received(answer->fields.get("range"));
    if (!is_success(*answer) || !received || *received > blob_.size()) co_return false;
    offset_ = *received;
    if (report_) report_(offset_);
    if (answer->fields.get("location").empty()) co_return true;
    auto taken = take_location(*answer, url);
    if (!taken) co_return taken.error();
    co_return true;
}

// So that the registry need not keep half a blob. Nothing depends on it.
Awaitable<void> BlobUpload::give_up() {
    if (!std::exchange(open_, false)) co_return;
    auto drop = request("DELETE", location_);
    drop.retried = false;
    auto ignored = co_await requests_.send(std::move(drop));
}

}  // namespace seance::images
