#include "store/object/s3/s3_store.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/base/text.hpp"
#include "core/observe/log.hpp"
#include "store/object/key.hpp"
#include "store/object/s3/xml.hpp"

namespace seance::object {
namespace {

constexpr int kMostParts = 10'000;  // S3's limit

std::optional<Failure> refuse_key(std::string_view key) {
    auto problem = key_problem(key);
    if (problem.empty()) return std::nullopt;
    return Failure{Reason::BadKey,
                   fmt::format("the object key \"{}\" {}", is_utf8(key) ? key : "…", problem)};
}

// These belong to the request that makes the object: PutObject or CreateMultipartUpload.
Pairs object_headers(const PutOptions& options) {
    Pairs headers{{"content-type", options.content_type}};
    if (!options.cache_control.empty()) headers.emplace_back("cache-control", options.cache_control);
    if (options.is_public) headers.emplace_back("x-amz-acl", "public-read");
    return headers;
}

template <class Fields>
ObjectInfo info_of(std::string key, const Fields& fields) {
    ObjectInfo info;
    info.key = std::move(key);
    info.size = parse_number(fields.get("content-length")).value_or(0);
    info.content_type = fields.get("content-type");
    info.cache_control = fields.get("cache-control");
    info.etag = fields.get("etag");
    info.modified = parse_http_date(fields.get("last-modified")).value_or(WallTime{});
    return info;
}

class ResponseReader final : public ObjectReader {
  public:
    ResponseReader(std::string key, http::ResponseStream stream)
        : stream_(std::move(stream)), info_(info_of(std::move(key), stream_.head().fields)) {}

    const ObjectInfo& info() const override { return info_; }
    Awaitable<Stored<std::string_view>> read() override {
        auto piece = co_await stream_.read_body();
        if (piece) co_return *piece;
        Failure failure{Reason::Unavailable,
                        fmt::format("GET {} broke off: {}", info_.key, piece.error().message())};
        co_return failure;
    }

  private:
    http::ResponseStream stream_;
    ObjectInfo info_;
};

}  // namespace

// A body cut into pieces of one size, the last one shorter.
class S3Store::Parts {
  public:
    Parts(BodySource& source, std::uint64_t size) : source_(source), size_(size) {}

    Awaitable<Stored<std::string>> next() {  // empty at the end
        std::string part;
        while (part.size() < size_ && !ended_) {
            if (rest_.empty()) {
                auto piece = co_await source_.read();
                if (!piece) co_return piece.error();
                rest_ = *piece;
                ended_ = rest_.empty();
            }
            auto taken = rest_.substr(0, size_ - part.size());
            part += taken;
            rest_.remove_prefix(taken.size());
        }
        co_return part;
    }

  private:
    BodySource& source_;
    std::uint64_t size_;
    std::string_view rest_;
    bool ended_ = false;
};

S3Store::S3Store(http::Client& client, S3Options options)
    : ObjectStore("s3"), requests_(client, std::move(options)) {}

Awaitable<Stored<http::WholeResponse>> S3Store::send(S3Request request) {
    auto answer = co_await requests_.send(std::move(request));
    if (answer)
        note_success();
    else
        note(answer.error());
    co_return answer;
}

Awaitable<Stored<ObjectInfo>> S3Store::put_from(std::string key, BodySource& body, PutOptions options) {
    if (auto refused = refuse_key(key)) co_return *refused;
    ObjectInfo info;
    info.key = key;
    info.content_type = options.content_type;
    info.cache_control = options.cache_control;
    info.modified = std::chrono::system_clock::now();

    Parts parts(body, requests_.options().part_size);
    auto first = co_await parts.next();
    if (!first) co_return first.error();
    std::string second;
    if (first->size() == requests_.options().part_size) {
        auto more = co_await parts.next();
        if (!more) co_return more.error();
        second = std::move(*more);
    }
    info.size = first->size() + second.size();
    Stored<std::string> etag;
    if (second.empty())
        etag = co_await put_whole(key, std::move(*first), options);
    else
        etag = co_await put_in_parts(key, std::move(*first), std::move(second), parts, options, info.size);
    if (!etag) co_return etag.error();
    info.etag = std::move(*etag);
    co_return info;
}

Awaitable<Stored<std::string>> S3Store::put_whole(const std::string& key, std::string body,
                                                  const PutOptions& options) {
    S3Request request{"PUT", key, {}, object_headers(options), std::move(body)};
    auto answer = co_await send(std::move(request));
    if (!answer) co_return answer.error();
    co_return std::string(answer->fields.get("etag"));
}

Awaitable<Stored<std::string>> S3Store::put_in_parts(const std::string& key, std::string first,
                                                     std::string second, Parts& parts,
                                                     const PutOptions& options, std::uint64_t& size) {
    S3Request create{"POST", key, {{"uploads", ""}}, object_headers(options), ""};
    auto created = co_await send(std::move(create));
    if (!created) co_return created.error();
    auto root = parse_xml(created->body);
    std::string upload(root ? root->value("UploadId") : std::string_view());
    if (upload.empty()) {
        Failure failure{Reason::Broken,
                        fmt::format("POST {}: the object store began an upload without an UploadId", key)};
        co_return failure;
    }
    auto etag = co_await upload_parts(key, upload, std::move(first), std::move(second), parts, size);
    if (etag) co_return etag;

    if (etag.error().reason == Reason::NotFound) {
        // The upload is gone: an earlier try to complete it may have worked and its answer been lost.
        auto found = co_await head(key);
        if (found && found->size == size) co_return found->etag;
    }
    S3Request abort{"DELETE", key, {{"uploadId", upload}}, {}, ""};
    auto aborted = co_await send(std::move(abort));
    if (!aborted && aborted.error().reason != Reason::NotFound)
        observe::log(observe::Level::Warning, "upload_not_aborted")
            .field("key", key)
            .field("reason", aborted.error().what);
    co_return etag;
}

Awaitable<Stored<std::string>> S3Store::upload_parts(const std::string& key, const std::string& upload,
                                                     std::string first, std::string second, Parts& parts,
                                                     std::uint64_t& size) {
    std::string list = "<CompleteMultipartUpload>";
    std::string part = std::move(first);
    size = 0;
    for (int number = 1; !part.empty(); ++number) {
        if (number > kMostParts) {
            Failure failure{Reason::TooLarge, fmt::format("{} has more than {} parts of {} bytes", key,
                                                          kMostParts, requests_.options().part_size)};
            co_return failure;
        }
        size += part.size();
        S3Request put{
            "PUT", key, {{"partNumber", std::to_string(number)}, {"uploadId", upload}}, {}, std::move(part)};
        auto stored = co_await send(std::move(put));
        if (!stored) co_return stored.error();
        list += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", number,
                            escape_xml(stored->fields.get("etag")));
        if (number == 1) {
            part = std::exchange(second, {});
            continue;
        }
        auto next = co_await parts.next();
        if (!next) co_return next.error();
        part = std::move(*next);
    }
    list += "</CompleteMultipartUpload>";
    S3Request complete{"POST",          key, {{"uploadId", upload}}, {{"content-type", "application/xml"}},
                       std::move(list), true};
    auto completed = co_await send(std::move(complete));
    if (!completed) co_return completed.error();
    auto root = parse_xml(completed->body);
    if (!root || root->name != "CompleteMultipartUploadResult") {
        Failure failure{
            Reason::Broken,
            fmt::format("POST {}: the object store ended an upload with an answer that makes no sense", key)};
        co_return failure;
    }
    co_return std::string(root->value("ETag"));
}

Awaitable<Stored<std::unique_ptr<ObjectReader>>> S3Store::open(std::string key) {
    if (auto refused = refuse_key(key)) co_return *refused;
    S3Request get{"GET", key, {}, {}, ""};
    auto opened = co_await requests_.open(std::move(get));
    if (!opened) {
        note(opened.error());
        co_return opened.error();
    }
    note_success();
    std::unique_ptr<ObjectReader> reader =
        std::make_unique<ResponseReader>(std::move(key), std::move(*opened));
    co_return reader;
}

Awaitable<Stored<ObjectInfo>> S3Store::head(std::string key) {
    if (auto refused = refuse_key(key)) co_return *refused;
    S3Request look{"HEAD", key, {}, {}, ""};
    auto answer = co_await send(std::move(look));
    if (!answer) co_return answer.error();
    co_return info_of(std::move(key), answer->fields);
}

Awaitable<Stored<void>> S3Store::remove(std::string key) {
    if (auto refused = refuse_key(key)) co_return *refused;
    S3Request take_away{"DELETE", key, {}, {}, ""};
    auto answer = co_await send(std::move(take_away));
    if (!answer && answer.error().reason != Reason::NotFound) co_return answer.error();
    co_return Stored<void>{};
}

Awaitable<Stored<void>> S3Store::copy(std::string from, std::string to, bool is_public) {
    if (auto refused = refuse_key(from)) co_return *refused;
    if (auto refused = refuse_key(to)) co_return *refused;
    auto source = '/' + requests_.options().bucket + '/' + http::percent_encode(from, true);
    S3Request request{"PUT", to, {}, {{"x-amz-copy-source", source}}, "", true};
    if (is_public) request.headers.emplace_back("x-amz-acl", "public-read");
    auto answer = co_await send(std::move(request));
    if (!answer) co_return answer.error();
    co_return Stored<void>{};
}

Awaitable<Stored<Listing>> S3Store::list(std::string prefix, std::string after, std::size_t most) {
    S3Request request{"GET",
                      "",
                      {{"list-type", "2"},
                       {"encoding-type", "url"},
                       {"max-keys", std::to_string(most)},
                       {"prefix", prefix}},
                      {},
                      ""};
    if (!after.empty()) request.query.emplace_back("continuation-token", after);
    auto answer = co_await send(std::move(request));
    if (!answer) co_return answer.error();
    Failure nonsense{Reason::Broken, "the object store answered a listing that makes no sense"};
    auto root = parse_xml(answer->body);
    if (!root || root->name != "ListBucketResult") co_return nonsense;
    bool encoded = root->value("EncodingType") == "url";
    Listing listing;
    for (const auto& element : root->children) {
        if (element.name != "Contents") continue;
        ObjectInfo info;
        info.key = element.value("Key");
        if (encoded) {
            // As in a form: some servers send a space as "+", none sends a plus so.
            auto decoded = http::query_value("k=" + info.key, "k");
            if (!decoded) co_return nonsense;
            info.key = std::move(*decoded);
        }
        auto size = parse_number(element.value("Size"));
        if (!size || info.key.empty()) co_return nonsense;
        info.size = *size;
        info.etag = element.value("ETag");
        info.modified = parse_iso_time(element.value("LastModified")).value_or(WallTime{});
        listing.objects.push_back(std::move(info));
    }
    if (root->value("IsTruncated") == "true") listing.next = root->value("NextContinuationToken");
    co_return listing;
}

}  // namespace seance::object
