#include "platform/images/registry.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "core/base/text.hpp"
#include "platform/images/side_by_side.hpp"

namespace seance::images {
namespace {

constexpr const char* kManifestTypes =
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";
constexpr int kTagsPerPage = 100;
constexpr int kMostPages = 200;

http::Origin origin_of(const Reference& image, Transport transport) {
    auto url = http::parse_url("https://" + image.api_host() + "/");
    auto origin = url ? url->origin : http::Origin{image.api_host(), 443, true};
    bool plain =
        transport == Transport::PlainHttp || (transport == Transport::ByHost && is_loopback(origin.host));
    if (plain) {
        auto http_url = http::parse_url("http://" + image.api_host() + "/");
        if (http_url) origin = http_url->origin;
    }
    return origin;
}

std::string pull_scope(std::string_view repository) {
    return fmt::format("repository:{}:pull", repository);
}
std::string push_scope(std::string_view repository) {
    return fmt::format("repository:{}:pull,push", repository);
}

// The address in `Link: </v2/…>; rel="next"`, or "".
std::string_view next_link(std::string_view link) {
    auto begin = link.find('<'), end = link.find('>');
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return {};
    if (link.find("next", end) == std::string_view::npos) return {};
    return link.substr(begin + 1, end - begin - 1);
}

}  // namespace

http::ClientOptions registry_client_options() {
    http::ClientOptions options;
    options.head_timeout = std::chrono::minutes(5);  // a large blob is moved and hashed before the answer
    options.write_timeout = std::chrono::seconds(60);
    return options;
}

// One push under way. Its blobs are taken from the front by several tasks.
struct Registry::Push {
    std::shared_ptr<const Image> image;
    std::string repository;
    OnProgress progress;
    std::vector<const Blob*> blobs;
    std::size_t next = 0;
    Pushed result;
    std::optional<Failure> failure;
};

Registry::Registry(http::Client& client, const Reference& image, Credentials credentials,
                   RegistryOptions options)
    : options_(options),
      host_(image.host),
      requests_(client, origin_of(image, options.transport), image.host, std::move(credentials),
                options.retry) {}

Registry::~Registry() = default;

Awaitable<Attempt<void>> Registry::push_blob(Push& push, const Blob& blob) {
    BlobProgress seen{push.image->name, blob.digest, BlobProgress::State::Uploading, 0, blob.size()};
    std::function<void(std::uint64_t)> report = [&push, &seen](std::uint64_t sent) {
        seen.sent = sent;
        if (push.progress) push.progress(seen);
    };
    BlobUpload upload(requests_, push.repository, blob, options_.upload);
    auto elsewhere = known_.find(blob.digest);
    auto mount_from = elsewhere == known_.end() ? std::string() : elsewhere->second;
    auto outcome = co_await upload.run(std::move(mount_from), report);
    if (!outcome) co_return outcome.error();
    push.result.bytes_sent += outcome->sent;
    if (outcome->state == BlobProgress::State::Done) ++push.result.uploaded;
    if (outcome->state == BlobProgress::State::Present) ++push.result.present;
    if (outcome->state == BlobProgress::State::Mounted) ++push.result.mounted;
    known_[blob.digest] = push.repository;
    seen.state = outcome->state;
    report(blob.size());
    co_return Attempt<void>{};
}

Awaitable<void> Registry::push_blobs(Push& push) {
    while (push.next < push.blobs.size() && !push.failure) {
        const Blob& blob = *push.blobs[push.next++];
        try {
            auto pushed = co_await push_blob(push, blob);
            if (!pushed && !push.failure) push.failure = pushed.error();
        } catch (const std::exception& fault) {  // or a cancellation, which the caller sees for itself
            push.failure =
                Failure{FailureKind::Api, fmt::format("pushing {}: {}", push.image->name, fault.what())};
        }
    }
}

Awaitable<Attempt<Pushed>> Registry::push(std::shared_ptr<const Image> image, Reference target,
                                          OnProgress progress) {
    Push push{image, target.repository, std::move(progress), {}, 0, {}, {}};
    push.result.digest = image->digest();
    push.result.reference = fmt::format("{}:{}@{}", target.name(), target.manifest_name(), image->digest());
    if (!target.digest.empty()) {
        Failure failure{FailureKind::User, fmt::format("{} names a digest; push to a tag", target.text())};
        co_return failure;
    }
    // A registry may refuse to say whether something is there and take it all the same: an upload will tell.
    Scopes scopes{push_scope(target.repository)};
    auto there = co_await look(target, std::move(scopes), Refusal::MeansUnknown);
    if (!there) co_return there.error();
    push.result.unchanged = *there && (*there)->digest == image->digest();
    for (const auto& layer : image->layers) push.blobs.push_back(&layer);
    push.blobs.push_back(&image->config);
    if (push.result.unchanged) {
        push.result.present = push.blobs.size();
        for (const auto* blob : push.blobs) {
            known_[blob->digest] = target.repository;
            if (push.progress)
                push.progress(
                    {image->name, blob->digest, BlobProgress::State::Present, blob->size(), blob->size()});
        }
        co_return push.result;
    }
    std::function<Awaitable<void>()> make = [this, &push] { return push_blobs(push); };
    co_await run_side_by_side(options_.parallel, std::move(make));
    if (push.failure) co_return *push.failure;
    auto digest = co_await put_manifest(image->manifest, target);
    if (!digest) co_return digest.error();
    co_return push.result;
}

Awaitable<Attempt<std::string>> Registry::put_manifest(const Blob& manifest, const Reference& target) {
    RegistryRequest put;
    put.method = "PUT";
    put.url = requests_.url(fmt::format("/v2/{}/manifests/{}", target.repository, target.manifest_name()));
    put.fields.add("Content-Type", manifest.media_type);
    put.body = *manifest.bytes;
    put.scopes = {push_scope(target.repository)};
    put.doing = "pushing " + target.text();
    auto doing = put.doing;
    auto answer = co_await requests_.send(std::move(put));
    if (!answer) co_return answer.error();
    if (answer->status < 200 || answer->status >= 300) co_return requests_.explain(*answer, doing);
    auto digest = answer->fields.get("docker-content-digest");
    if (!digest.empty() && digest != manifest.digest)
        co_return requests_.nonsense(doing,
                                     fmt::format("stored it as {} instead of {}", digest, manifest.digest));
    co_return manifest.digest;
}

Awaitable<Attempt<std::optional<Resolved>>> Registry::find(Reference image) {
    Scopes scopes{pull_scope(image.repository)};
    co_return co_await look(std::move(image), std::move(scopes), Refusal::IsAFailure);
}

Awaitable<Attempt<std::optional<Resolved>>> Registry::look(Reference image, Scopes scopes, Refusal refusal) {
    using Found = std::optional<Resolved>;
    const auto doing = "looking for " + image.text();
    for (std::string method : {"HEAD", "GET"}) {
        RegistryRequest ask;
        ask.method = method;
        ask.url = requests_.url(fmt::format("/v2/{}/manifests/{}", image.repository, image.manifest_name()));
        ask.fields.add("Accept", kManifestTypes);
        ask.scopes = scopes;
        ask.doing = doing;
        auto answer = co_await requests_.send(std::move(ask));
        if (!answer) co_return answer.error();
        const bool refused = answer->status == 401 || answer->status == 403;
        if (answer->status == 404 || (refused && refusal == Refusal::MeansUnknown)) co_return Found{};
        if (answer->status != 200) co_return requests_.explain(*answer, doing);
        Resolved resolved;
        resolved.media_type = answer->fields.get("content-type");
        resolved.digest = answer->fields.get("docker-content-digest");
        if (resolved.digest.empty() && method == "GET") resolved.digest = digest_of(answer->body);
        if (resolved.digest.empty()) continue;  // some answer a HEAD without it
        if (!is_digest(resolved.digest)) co_return requests_.nonsense(doing, "gave a digest that is none");
        co_return Found(std::move(resolved));
    }
    co_return requests_.nonsense(doing, "gave no digest");
}

Awaitable<Attempt<Resolved>> Registry::resolve(Reference image) {
    auto found = co_await find(image);
    if (!found) co_return found.error();
    if (*found) co_return **found;
    Failure failure{FailureKind::NotFound,
                    fmt::format("there is no image {}; check its name and tag", image.text())};
    co_return failure;
}

Awaitable<Attempt<std::vector<std::string>>> Registry::tags(std::string repository) {
    std::vector<std::string> tags;
    const auto doing = fmt::format("listing the tags of {}/{}", host_, repository);
    auto url = requests_.url(fmt::format("/v2/{}/tags/list?n={}", repository, kTagsPerPage));
    for (int page = 0; page < kMostPages; ++page) {
        RegistryRequest list;
        list.url = url;
        list.scopes = {pull_scope(repository)};
        list.doing = doing;
        auto answer = co_await requests_.send(std::move(list));
        if (!answer) co_return answer.error();
        if (answer->status != 200) co_return requests_.explain(*answer, doing);
        error_code error;
        auto document = boost::json::parse(answer->body, error);
        const auto* object = error ? nullptr : document.if_object();
        const auto* names = object ? object->if_contains("tags") : nullptr;
        if (!names) co_return requests_.nonsense(doing, "gave no list");
        if (names->is_array())  // null when the last tag was deleted
            for (const auto& name : names->get_array())
                if (name.is_string() && tags.size() < kMostTags) tags.emplace_back(name.get_string().c_str());
        auto link = next_link(answer->fields.get("link"));
        if (link.empty() || tags.size() >= kMostTags) break;
        auto next = requests_.resolve(url, link, doing);
        if (!next) co_return next.error();
        url = std::move(*next);
    }
    co_return tags;
}

Awaitable<Attempt<void>> Registry::check(std::string repository) {
    RegistryRequest look;
    look.url = requests_.url("/v2/");
    look.scopes = {push_scope(repository)};
    look.doing = "signing in to " + host_;
    auto doing = look.doing;
    auto answer = co_await requests_.send(std::move(look));
    if (!answer) co_return answer.error();
    if (answer->status != 200) co_return requests_.explain(*answer, doing);
    co_return Attempt<void>{};
}

}  // namespace seance::images
