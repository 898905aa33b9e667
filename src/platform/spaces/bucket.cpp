#include "platform/spaces/bucket.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "core/base/base64.hpp"
#include "core/base/duration.hpp"
#include "core/base/hash.hpp"
#include "core/base/version.hpp"
#include "core/runtime/wait.hpp"
#include "net/http/client.hpp"
#include "platform/remote/retry.hpp"
#include "platform/spaces/answer.hpp"
#include "platform/spaces/cors.hpp"
#include "store/object/s3/signed_request.hpp"
#include "store/object/s3/xml.hpp"

namespace seance::spaces {
namespace {

using remote::Failure;
using remote::FailureKind;
using remote::Reply;
using Time = std::chrono::system_clock::time_point;

constexpr std::uint64_t kMostAnswer = 1 << 20;
// S3's rules; Spaces has the same.
constexpr std::size_t kShortestName = 3, kLongestName = 63;
// The one region that S3 wants not to be named when a bucket is made.
constexpr std::string_view kUnnamedRegion = "us-east-1";

constexpr std::string_view kToRead = "the grant read, readwrite or fullaccess for it";
constexpr std::string_view kToConfigure = "the grant fullaccess for it";
constexpr std::string_view kToMake = "the grant fullaccess for all buckets";

Failure failure(FailureKind kind, std::string what) {
    Failure out;
    out.kind = kind;
    out.what = std::move(what);
    return out;
}

http::Origin checked(const std::string& endpoint) {
    auto url = http::parse_url(endpoint);
    if (!url || url->target != "/")
        throw std::invalid_argument(
            fmt::format("{} is no http:// or https:// address without a path", endpoint));
    return url->origin;
}

http::ClientOptions client_options(const std::string& ca_file) {
    http::ClientOptions out;
    out.connect_timeout = std::chrono::seconds(10);
    out.ca_file = ca_file;
    if (!ca_file.empty() && !std::ifstream(ca_file))
        throw std::runtime_error(fmt::format("the certificates in {} cannot be read", ca_file));
    return out;
}

bool is_name(std::string_view name) {
    auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return name.size() >= kShortestName && name.size() <= kLongestName && plain(name.front()) &&
           plain(name.back()) && name.find("..") == std::string_view::npos &&
           std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '-' || c == '.'; });
}

// Printable ASCII but none of `not_these`: goes into a header.
bool is_word(std::string_view text, std::string_view not_these) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return c > ' ' && c < 0x7f && not_these.find(c) == std::string_view::npos;
    });
}

std::string with_location(const std::string& region) {
    if (region == kUnnamedRegion) return {};
    return "<CreateBucketConfiguration "
           "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>" +
           object::escape_xml(region) + "</LocationConstraint></CreateBucketConfiguration>";
}

}  // namespace

class Bucket::Impl {
  public:
    Impl(Loop& loop, BucketOptions o)
        : options(std::move(o)),
          origin(checked(options.endpoint)),
          client(loop, client_options(options.ca_file)) {
        credentials.id = options.access_key_id;
        credentials.secret = options.secret_access_key;
        credentials.region = options.region;
        retry.backoff_scale = options.backoff_scale;
    }

    // Every call here may be repeated: it says how the bucket shall be, not what to add.
    struct Ask {
        Ask(std::string_view m, object::Pairs q, std::string d, std::string_view r)
            : method(m), query(std::move(q)), doing(std::move(d)), rights(r) {}
        std::string_view method;
        object::Pairs query;
        std::string doing;        // for people
        std::string_view rights;  // what the key needs for it
        std::string body;         // XML
    };
    // A success, or a refusal with S3's own word for it.
    using Answer = boost::system::result<http::WholeResponse, Judgement>;

    std::string problem() const {
        if (!is_name(options.bucket))
            return fmt::format(
                "\"{}\" cannot be a bucket's name: {} to {} lower-case letters, digits, dots and "
                "hyphens, a letter or digit first and last",
                remote::tame(options.bucket, 80), kShortestName, kLongestName);
        if (!is_word(options.region, "/,"))
            return fmt::format("\"{}\" cannot be a region of Spaces; write one as sfo3",
                               remote::tame(options.region, 80));
        return {};
    }
    std::string credential_problem() const {
        if (!is_word(options.access_key_id, "/,"))
            return "the access key id is empty or holds characters that none has; check SPACES_ACCESS_KEY_ID";
        if (!is_word(options.secret_access_key.reveal(), ""))
            return "the secret access key is empty or holds white space; check SPACES_SECRET_ACCESS_KEY";
        return {};
    }

    Judgement not_reached(const Ask& ask, error_code error) const {
        Judgement lost;
        lost.again = true;
        auto why = error == asio::error::timed_out
                       ? fmt::format("no answer within {}", print_duration(options.timeout))
                       : error.message();
        lost.failure = failure(FailureKind::Unreachable,
                               fmt::format("{}: {} did not answer: {}", ask.doing, origin.authority(), why));
        lost.failure.an_answer_was_lost = !remote::was_never_sent(error);
        return lost;
    }

    Awaitable<Answer> attempt(const Ask& ask) {
        object::Signable signable;
        signable.method = ask.method;
        signable.path = '/' + options.bucket;
        signable.query = ask.query;
        signable.payload_hash = sha256_hex(ask.body);
        if (!ask.body.empty()) {
            signable.headers.emplace_back("content-type", "application/xml");
            signable.headers.emplace_back("content-md5", base64_encode(md5(ask.body)));
        }
        Time now = std::chrono::system_clock::now();
        auto request = object::signed_request(std::move(signable), ask.body, origin, credentials, now);
        request.fields.add("user-agent", fmt::format("seance/{}", built_commit()));

        auto work = client.send(origin, request, kMostAnswer);
        auto answer = co_await with_deadline<http::WholeResponse>(options.timeout, std::move(work));
        if (!answer) co_return not_reached(ask, answer.error());
        if (answer->status >= 200 && answer->status < 300) co_return std::move(*answer);
        Question question;
        question.doing = ask.doing;
        question.bucket = options.bucket;
        question.region = options.region;
        question.host = origin.authority();
        question.rights = ask.rights;
        co_return judge(*answer, question, now);
    }

    Awaitable<Answer> send(Ask ask) {
        Judgement bad;
        if (auto what = problem(); !what.empty())
            bad.failure = failure(FailureKind::User, ask.doing + ": " + what);
        else if (what = credential_problem(); !what.empty())
            bad.failure = failure(FailureKind::Auth, ask.doing + ": " + what);
        if (!bad.failure.what.empty()) co_return bad;

        remote::Backoff backoff(retry);
        bool lost = false;
        while (true) {
            auto answer = co_await attempt(ask);
            if (answer) co_return answer;
            auto judgement = answer.error();
            lost = lost || judgement.failure.an_answer_was_lost;
            auto pause = judgement.again ? backoff.next(judgement.wait) : std::nullopt;
            if (!pause) {
                auto last = std::move(judgement);
                last.failure.an_answer_was_lost = lost;
                if (backoff.tries() > 1) last.failure.what += fmt::format(" ({} tries)", backoff.tries());
                co_return last;
            }
            co_await remote::pause(*pause, retry.backoff_scale);
        }
    }

    std::string doing(std::string_view what) const {
        return fmt::format("{} {}", what, remote::tame(options.bucket, 80));
    }

    // A refused HEAD has no body that says why; the same question as a GET has.
    Awaitable<Failure> explain(Judgement head) {
        bool has_reason_elsewhere = head.status == 400 || head.status == 401 || head.status == 403 ||
                                    (head.status >= 300 && head.status < 400);
        if (!has_reason_elsewhere) co_return head.failure;
        object::Pairs one_key{{"list-type", "2"}, {"max-keys", "1"}};
        Ask ask("GET", std::move(one_key), doing("looking for the bucket"), kToRead);
        auto answer = co_await send(std::move(ask));
        if (answer || answer.error().code.empty()) co_return head.failure;
        co_return answer.error().failure;
    }

    Awaitable<Reply<std::vector<std::string>>> read_cors() {
        object::Pairs query{{"cors", ""}};
        auto what = doing("reading the CORS rules of the bucket");
        Ask ask("GET", std::move(query), what, kToConfigure);
        auto answer = co_await send(std::move(ask));
        std::vector<std::string> none;
        if (!answer && answer.error().code == "NoSuchCORSConfiguration") co_return none;
        if (!answer) co_return answer.error().failure;
        auto origins = readable_from(answer->body);
        if (!origins)
            co_return failure(FailureKind::Api,
                              fmt::format("{}: {} answered something that is no CORS configuration", what,
                                          origin.authority()));
        co_return std::move(*origins);
    }

    BucketOptions options;
    http::Origin origin;
    http::Client client;
    object::Credentials credentials;
    remote::RetryOptions retry;
};

Bucket::Bucket(Loop& loop, BucketOptions options) : impl_(std::make_unique<Impl>(loop, std::move(options))) {}
Bucket::~Bucket() = default;

const std::string& Bucket::name() const {
    return impl_->options.bucket;
}

Awaitable<Reply<BucketState>> Bucket::read(bool with_cors) {
    object::Pairs no_query;
    Impl::Ask ask("HEAD", std::move(no_query), impl_->doing("looking for the bucket"), kToRead);
    auto head = co_await impl_->send(std::move(ask));
    BucketState state;
    if (!head && head.error().status == 404) co_return state;
    if (!head) {
        auto judgement = head.error();
        co_return co_await impl_->explain(std::move(judgement));
    }
    state.exists = true;
    if (!with_cors) co_return state;
    auto origins = co_await impl_->read_cors();
    if (!origins) co_return origins.error();
    state.cors_origins = std::move(*origins);
    co_return state;
}

Awaitable<Reply<void>> Bucket::create() {
    object::Pairs no_query;
    Impl::Ask ask("PUT", std::move(no_query), impl_->doing("making the bucket"), kToMake);
    ask.body = with_location(impl_->options.region);
    auto made = co_await impl_->send(std::move(ask));
    Reply<void> well;
    if (made || made.error().code == "BucketAlreadyOwnedByYou") co_return well;
    if (made.error().code == "BucketAlreadyExists") {
        // Some servers say so of our own bucket too, after a lost answer above all. Only its owner may read
        // its rules; a listing can be open to everybody.
        auto rules = co_await impl_->read_cors();
        if (rules) co_return well;
    }
    co_return made.error().failure;
}

Awaitable<Reply<void>> Bucket::set_cors(std::vector<std::string> origins) {
    object::Pairs query{{"cors", ""}};
    auto what = impl_->doing("writing the CORS rules of the bucket");
    // A configuration without rules is none: S3 wants it deleted.
    Impl::Ask ask(origins.empty() ? "DELETE" : "PUT", std::move(query), what, kToConfigure);
    for (const auto& origin : origins)
        if (auto problem = origin_problem(origin); !problem.empty())
            co_return failure(FailureKind::User, fmt::format("{}: the origin \"{}\" {}", what,
                                                             remote::tame(origin, 80), problem));
    if (!origins.empty()) ask.body = cors_document(origins);
    if (ask.body.size() > kMostCorsBytes)
        co_return failure(FailureKind::User,
                          fmt::format("{}: {} origins make a document of {} bytes, and S3 takes {}", what,
                                      origins.size(), ask.body.size(), kMostCorsBytes));
    auto written = co_await impl_->send(std::move(ask));
    Reply<void> well;
    if (written || (origins.empty() && written.error().code == "NoSuchCORSConfiguration")) co_return well;
    co_return written.error().failure;
}

}  // namespace seance::spaces
