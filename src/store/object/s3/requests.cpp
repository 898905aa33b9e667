#include "store/object/s3/requests.hpp"

#include <fmt/format.h>

#include "core/base/hash.hpp"
#include "core/base/id.hpp"
#include "core/observe/log.hpp"
#include "core/runtime/wait.hpp"
#include "store/object/s3/signed_request.hpp"

namespace seance::object {
namespace {

// Answers that are errors or listings; objects themselves are streamed.
constexpr std::uint64_t kMostAnswer = 8 << 20;
// Hashing less than this takes less than handing it to a thread.
constexpr std::size_t kHashHere = 64 * 1024;

std::string describe(const S3Request& request) {
    return fmt::format("{} {}", request.method, request.key.empty() ? "(the bucket)" : request.key);
}

Failure not_reached(const S3Request& request, const http::Origin& origin, error_code error) {
    return {Reason::Unavailable, fmt::format("{}: the object store at {} did not answer: {}",
                                             describe(request), origin.authority(), error.message())};
}

}  // namespace

// How often, and after what pause, one request may be repeated.
class S3Requests::Attempts {
  public:
    explicit Attempts(const S3Options& options)
        : left_(options.attempts), pause_(options.first_pause), longest_(options.longest_pause) {}

    // Waits and says true if there may be another try. "Full jitter": any pause up to the bound, so that
    // callers that were refused together come back apart.
    Awaitable<bool> again() {
        if (--left_ <= 0) co_return false;
        co_await sleep_for(Duration(random_number() % static_cast<std::uint64_t>(pause_.count() + 1)));
        pause_ = std::min(pause_ * 2, longest_);
        co_return true;
    }

    bool resigned = false;

  private:
    int left_;
    Duration pause_, longest_;
};

http::Origin S3Requests::origin() const {
    auto origin = options_.endpoint;
    if (!options_.path_style) origin.host = options_.bucket + '.' + origin.host;
    return origin;
}

http::Request S3Requests::sign(const S3Request& request, const std::string& payload_hash,
                               std::string body) const {
    Signable signable{request.method, options_.path_style ? '/' + options_.bucket : std::string(),
                      request.query, request.headers, payload_hash};
    if (!request.key.empty() || signable.path.empty()) signable.path += '/' + request.key;
    return signed_request(std::move(signable), std::move(body), origin(), options_.credentials,
                          std::chrono::system_clock::now() + clock_offset_);
}

Awaitable<Stored<http::ResponseStream>> S3Requests::open_within(const S3Request& request,
                                                                Attempts& attempts) {
    std::string hash;
    if (request.body.size() < kHashHere) {
        hash = sha256_hex(request.body);
    } else {
        auto compute = [&request] { return sha256_hex(request.body); };
        hash = co_await worker_.run(compute);
    }
    auto where = origin();
    std::string body = request.body;
    while (true) {
        auto wire = sign(request, hash, std::move(body));
        auto opened = co_await client_.open(where, wire);
        body = std::move(wire.body);
        if (!opened) {
            if (!co_await attempts.again()) co_return not_reached(request, where, opened.error());
            continue;
        }
        int status = opened->head().status;
        if (status >= 200 && status < 300) co_return std::move(*opened);

        auto date = parse_http_date(opened->head().fields.get("date"));
        auto text = co_await opened->read_whole_body(kMostAnswer);
        auto complaint =
            complaint_of(status, text ? std::string_view(*text) : std::string_view(), describe(request));
        if (complaint.clock_wrong && date && !std::exchange(attempts.resigned, true)) {
            clock_offset_ = *date - std::chrono::system_clock::now();
            observe::log(observe::Level::Warning, "object_store_clock_differs")
                .field("seconds",
                       static_cast<std::int64_t>(
                           std::chrono::duration_cast<std::chrono::seconds>(clock_offset_).count()));
            continue;
        }
        if (!complaint.try_again || !co_await attempts.again()) co_return complaint.failure;
    }
}

Awaitable<Stored<http::ResponseStream>> S3Requests::open(S3Request request) {
    Attempts attempts(options_);
    co_return co_await open_within(request, attempts);
}

Awaitable<Stored<http::WholeResponse>> S3Requests::send(S3Request request) {
    Attempts attempts(options_);
    while (true) {
        auto opened = co_await open_within(request, attempts);
        if (!opened) co_return opened.error();
        http::WholeResponse whole;
        whole.status = opened->head().status;
        for (const auto& field : opened->head().fields.all()) whole.fields.add(field.name, field.value);
        auto body = co_await opened->read_whole_body(kMostAnswer);
        if (!body) {
            if (!co_await attempts.again()) co_return not_reached(request, origin(), body.error());
            continue;
        }
        whole.body = std::move(*body);
        auto complaint =
            request.success_may_hide_error ? hidden_complaint(whole.body, describe(request)) : std::nullopt;
        if (!complaint) co_return whole;
        if (!complaint->try_again || !co_await attempts.again()) co_return complaint->failure;
    }
}

}  // namespace seance::object
