#include "platform/spaces/bucket.hpp"

#include <gtest/gtest.h>

#include "core/base/base64.hpp"
#include "core/base/hash.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scripted_upstream.hpp"

namespace seance::spaces {
namespace {

using namespace testing_support;
using remote::FailureKind;

// The service's side of one connection: answers the first request and keeps what it was.
struct Service {
    explicit Service(std::vector<std::string> answers) {
        std::vector<ScriptedUpstream::Script> scripts;
        for (auto& answer : answers)
            scripts.push_back([this, answer](UpstreamConnection& connection) {
                auto head = connection.receives_head();
                auto at = head.find("content-length: ");
                auto size = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
                auto body = connection.receives(size);
                {
                    std::lock_guard lock(mutex);
                    heads.push_back(head);
                    bodies.push_back(body);
                }
                connection.sends(answer);
            });
        upstream = std::make_unique<ScriptedUpstream>(std::move(scripts));
    }

    BucketOptions options() const {
        BucketOptions out;
        out.endpoint = "http://127.0.0.1:" + std::to_string(upstream->port());
        out.bucket = "seance-cdn";
        out.region = "sfo3";
        out.access_key_id = "DO00KEY";
        out.secret_access_key = SecretText("hush-hush");
        out.backoff_scale = 0;
        return out;
    }
    std::string head(std::size_t i) {
        std::lock_guard lock(mutex);
        return i < heads.size() ? heads[i] : "";
    }
    std::string body(std::size_t i) {
        std::lock_guard lock(mutex);
        return i < bodies.size() ? bodies[i] : "";
    }

    std::mutex mutex;
    std::vector<std::string> heads, bodies;
    std::unique_ptr<ScriptedUpstream> upstream;
};

std::string answer(const std::string& status, const std::string& body = "") {
    return "HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}
std::string refusal(const std::string& status, const std::string& code) {
    return answer(status, "<Error><Code>" + code + "</Code></Error>");
}

const std::string kOk = answer("200 OK");

Awaitable<void> take(Awaitable<remote::Reply<BucketState>> work, remote::Reply<BucketState>& out) {
    out = co_await std::move(work);
}
Awaitable<void> take(Awaitable<remote::Reply<void>> work, remote::Reply<void>& out) {
    out = co_await std::move(work);
}

remote::Reply<BucketState> read(const BucketOptions& options, bool with_cors) {
    Loop loop;
    Bucket bucket(loop, options);
    remote::Reply<BucketState> out = BucketState{};
    run(loop, take(bucket.read(with_cors), out));
    return out;
}
remote::Reply<void> create(const BucketOptions& options) {
    Loop loop;
    Bucket bucket(loop, options);
    remote::Reply<void> out;
    run(loop, take(bucket.create(), out));
    return out;
}
remote::Reply<void> set_cors(const BucketOptions& options, std::vector<std::string> origins) {
    Loop loop;
    Bucket bucket(loop, options);
    remote::Reply<void> out;
    run(loop, take(bucket.set_cors(std::move(origins)), out));
    return out;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(SpacesBucket, NamesItsRegionWhenItIsMade) {
    Service service({kOk});

    ASSERT_TRUE(create(service.options()));

    EXPECT_TRUE(service.head(0).starts_with("PUT /seance-cdn HTTP/1.1\r\n")) << service.head(0);
    EXPECT_TRUE(contains(service.body(0), "<LocationConstraint>sfo3</LocationConstraint>"))
        << service.body(0);
    EXPECT_TRUE(contains(service.head(0), "/sfo3/s3/aws4_request"));
    EXPECT_FALSE(contains(service.head(0), "hush"));
}

TEST(SpacesBucket, IsMadeWithoutABodyInTheRegionThatHasNoName) {
    Service service({kOk});
    auto options = service.options();
    options.region = "us-east-1";

    ASSERT_TRUE(create(options));

    EXPECT_EQ(service.body(0), "");
    EXPECT_TRUE(contains(service.head(0), "content-length: 0\r\n"));
}

TEST(SpacesBucket, SendsADigestWithItsRules) {
    Service service({kOk});

    ASSERT_TRUE(set_cors(service.options(), {"https://seance.dev"}));

    EXPECT_TRUE(service.head(0).starts_with("PUT /seance-cdn?cors= HTTP/1.1\r\n")) << service.head(0);
    EXPECT_TRUE(contains(service.head(0), "content-md5: " + base64_encode(md5(service.body(0))) + "\r\n"));
    EXPECT_TRUE(contains(service.head(0),
                         "SignedHeaders=content-md5;content-type;host;x-amz-content-sha256;x-amz-date"));
    EXPECT_TRUE(contains(service.body(0), "<AllowedOrigin>https://seance.dev</AllowedOrigin>"));
}

TEST(SpacesBucket, WithoutOriginsHasItsRulesDeleted) {
    Service service({answer("204 No Content")});

    ASSERT_TRUE(set_cors(service.options(), {}));

    EXPECT_TRUE(service.head(0).starts_with("DELETE /seance-cdn?cors= ")) << service.head(0);
}

TEST(SpacesBucket, ThatIsAbsentIsNoFailure) {
    Service service({answer("404 Not Found")});

    auto state = read(service.options(), true);

    ASSERT_TRUE(state);
    EXPECT_FALSE(state->exists);
    EXPECT_EQ(service.upstream->connections(), 1);
}

TEST(SpacesBucket, WithoutRulesLetsNobodyRead) {
    Service service({kOk, refusal("404 Not Found", "NoSuchCORSConfiguration")});

    auto state = read(service.options(), true);

    ASSERT_TRUE(state) << state.error().what;
    EXPECT_TRUE(state->exists);
    EXPECT_TRUE(state->cors_origins.empty());
}

TEST(SpacesBucket, IsReadAgainWhenAnAnswerIsCut) {
    Service service({"", kOk, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<CORSConf",
                     refusal("503 Slow Down", "SlowDown"),
                     answer("200 OK",
                            "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*"
                            "</AllowedOrigin></CORSRule></CORSConfiguration>")});

    auto state = read(service.options(), true);

    ASSERT_TRUE(state) << state.error().what;
    EXPECT_EQ(state->cors_origins, std::vector<std::string>{"*"});
    EXPECT_EQ(service.upstream->connections(), 5);
}

TEST(SpacesBucket, AsksOnceMoreWhyItsHeadWasRefused) {
    Service service({answer("403 Forbidden"), refusal("403 Forbidden", "InvalidAccessKeyId")});

    auto state = read(service.options(), false);

    ASSERT_FALSE(state);
    EXPECT_EQ(state.error().kind, FailureKind::Auth);
    EXPECT_TRUE(contains(state.error().what, "does not know the access key id")) << state.error().what;
    EXPECT_TRUE(service.head(1).starts_with("GET /seance-cdn?list-type=2&max-keys=1 ")) << service.head(1);
}

TEST(SpacesBucket, OfOursMadeAlreadyIsWell) {
    Service told({refusal("409 Conflict", "BucketAlreadyOwnedByYou")});
    Service not_told({refusal("409 Conflict", "BucketAlreadyExists"),
                      refusal("404 Not Found", "NoSuchCORSConfiguration")});

    EXPECT_TRUE(create(told.options()));
    EXPECT_TRUE(create(not_told.options()));
}

TEST(SpacesBucket, OfSomebodyElseIsAFailure) {
    Service service(
        {refusal("409 Conflict", "BucketAlreadyExists"), refusal("403 Forbidden", "AccessDenied")});

    auto made = create(service.options());

    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, FailureKind::Auth);
    EXPECT_TRUE(contains(made.error().what, "taken by another account")) << made.error().what;
}

TEST(SpacesBucket, GivesUpOnAServiceThatStaysOverloaded) {
    Service service({refusal("503 Slow Down", "SlowDown")});

    auto made = create(service.options());

    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, FailureKind::RateLimited);
    EXPECT_FALSE(made.error().an_answer_was_lost);
    EXPECT_TRUE(contains(made.error().what, "(5 tries)")) << made.error().what;
    EXPECT_EQ(service.upstream->connections(), 5);
}

TEST(SpacesBucket, SaysThatAnAnswerWasLost) {
    Service service({""});

    auto made = create(service.options());

    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, FailureKind::Unreachable);
    EXPECT_TRUE(made.error().an_answer_was_lost);
}

TEST(SpacesBucket, EndsItsWaitForASilentService) {
    ScriptedUpstream silent([](UpstreamConnection& connection) { connection.sees_close(); });
    Service service({kOk});
    auto options = service.options();
    options.endpoint = "http://127.0.0.1:" + std::to_string(silent.port());
    options.timeout = std::chrono::milliseconds(20);

    auto state = read(options, false);

    ASSERT_FALSE(state);
    EXPECT_EQ(state.error().kind, FailureKind::Unreachable);
    EXPECT_TRUE(contains(state.error().what, "no answer within 20ms")) << state.error().what;
}

TEST(SpacesBucket, RefusesAnAnswerThatMakesNoSense) {
    Service service({kOk, answer("200 OK", "<html>Welcome to the hotel</html>")});

    auto state = read(service.options(), true);

    ASSERT_FALSE(state);
    EXPECT_EQ(state.error().kind, FailureKind::Api);
    EXPECT_TRUE(contains(state.error().what, "no CORS configuration")) << state.error().what;
}

TEST(SpacesBucket, SendsNothingWithOptionsThatCannotBeRight) {
    Service service({kOk});
    auto with = [&](auto change) {
        auto options = service.options();
        change(options);
        auto made = create(options);
        return made ? remote::Failure{} : made.error();
    };

    EXPECT_EQ(with([](auto& o) { o.bucket = "No_Bucket"; }).kind, FailureKind::User);
    EXPECT_EQ(with([](auto& o) { o.bucket = "a/b"; }).kind, FailureKind::User);
    EXPECT_EQ(with([](auto& o) { o.region = "sfo3/x"; }).kind, FailureKind::User);
    EXPECT_EQ(with([](auto& o) { o.access_key_id = "a\r\nb: c"; }).kind, FailureKind::Auth);
    auto secret = with([](auto& o) { o.secret_access_key = SecretText("hush-hush\n"); });
    EXPECT_EQ(secret.kind, FailureKind::Auth);
    EXPECT_FALSE(contains(secret.what, "hush")) << secret.what;
    EXPECT_EQ(set_cors(service.options(), {"seance.dev"}).error().kind, FailureKind::User);
    EXPECT_EQ(set_cors(service.options(), std::vector<std::string>(2000, "https://" + std::string(40, 'a')))
                  .error()
                  .kind,
              FailureKind::User);
    EXPECT_EQ(service.upstream->connections(), 0);
}

TEST(SpacesBucket, NeedsAnAddressWithoutAPath) {
    Service service({kOk});
    Loop loop;
    auto options = service.options();
    for (auto endpoint :
         {"sfo3.digitaloceanspaces.com", "ftp://x", "", "https://sfo3.digitaloceanspaces.com/bucket"}) {
        options.endpoint = endpoint;
        EXPECT_THROW(Bucket(loop, options), std::invalid_argument) << endpoint;
    }
}

}  // namespace
}  // namespace seance::spaces
