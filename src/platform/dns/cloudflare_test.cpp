#include "platform/dns/cloudflare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/run.hpp"
#include "tests/support/scripted_api.hpp"

namespace seance::dns {
namespace {

using namespace testing_support;
using testing::HasSubstr;
using testing::Not;

std::string result(std::string_view json, std::string_view info = "{}") {
    return json_answer(R"({"success":true,"errors":[],"messages":[],"result":)" + std::string(json) +
                       R"(,"result_info":)" + std::string(info) + "}");
}
std::string error(std::string_view status, std::string_view errors) {
    return json_answer(
        R"({"success":false,"errors":[)" + std::string(errors) + R"(],"messages":[],"result":null})", status);
}
std::string zone(std::string_view name, std::string_view status = "active", bool paused = false) {
    return result(R"([{"id":"0123","name":")" + std::string(name) + R"(","status":")" + std::string(status) +
                  R"(","paused":)" + (paused ? "true" : "false") +
                  R"(,"type":"full","name_servers":["a.ns","b.ns"]}])");
}
const std::string kNone = result("[]");

template <class T>
Awaitable<void> keep(Awaitable<Reply<T>> work, std::optional<Reply<T>>& out) {
    out = co_await std::move(work);
}

class CloudflareOver {
  public:
    explicit CloudflareOver(std::vector<std::string> answers)
        : server(std::move(answers)), cloudflare(loop, SecretText("cf-token-1"), options()) {}

    template <class T>
    Reply<T> get(Awaitable<Reply<T>> work) {
        std::optional<Reply<T>> out;
        run(loop, keep(std::move(work), out));
        return std::move(*out);
    }
    std::string line(std::size_t call) {
        auto head = server.asked().at(call).head;
        return head.substr(0, head.find(" HTTP/"));
    }

    ScriptedApi server;
    Loop loop;
    Cloudflare cloudflare;

  private:
    CloudflareOptions options() {
        CloudflareOptions out;
        out.base = "http://127.0.0.1:" + std::to_string(server.port()) + "/client/v4";
        out.retry.backoff_scale = 0;
        return out;
    }
};

TEST(Cloudflare, VerifiesItsToken) {
    CloudflareOver over({result(R"({"id":"t","status":"active"})")});

    auto token = over.get(over.cloudflare.verify_token());

    ASSERT_TRUE(token);
    EXPECT_TRUE(token->active());
    EXPECT_EQ(over.line(0), "GET /client/v4/user/tokens/verify");
    EXPECT_TRUE(over.server.asked()[0].has("Authorization: Bearer cf-token-1\r\n"));
}

TEST(Cloudflare, FindsTheZoneWithTheLongestName) {
    CloudflareOver over({kNone, zone("eu.seance.dev")});

    auto found = over.get(over.cloudflare.find_zone("Beholder.eu.seance.dev."));

    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->name, "eu.seance.dev");
    EXPECT_EQ(over.line(0), "GET /client/v4/zones?name=beholder.eu.seance.dev");
    EXPECT_EQ(over.server.calls(), 2u);
}

TEST(Cloudflare, NeverLooksForATopLevelDomain) {
    CloudflareOver over({kNone});

    auto found = over.get(over.cloudflare.find_zone("backend.seance.dev"));

    EXPECT_EQ(found.error().kind, FailureKind::NotFound);
    EXPECT_EQ(over.server.calls(), 2u);
}

TEST(Cloudflare, RefusesAZoneWhereRecordsHaveNoEffect) {
    CloudflareOver pending({zone("seance.dev", "pending")}), paused({zone("seance.dev", "active", true)});

    auto not_active = pending.get(pending.cloudflare.find_zone("seance.dev"));
    EXPECT_EQ(not_active.error().kind, FailureKind::User);
    EXPECT_THAT(not_active.error().what, HasSubstr("a.ns, b.ns"));
    EXPECT_THAT(paused.get(paused.cloudflare.find_zone("seance.dev")).error().what, HasSubstr("paused"));
}

std::string record(std::string_view id, std::string_view comment = "seance:production:x") {
    return R"({"id":")" + std::string(id) +
           R"(","type":"CNAME","name":"A.seance.dev","content":"x.up.railway.app","ttl":1,"proxied":true,"comment":")" +
           std::string(comment) + R"("})";
}

TEST(Cloudflare, ReadsAllPagesOfItsOwnRecords) {
    CloudflareOver over({result("[" + record("1") + "]", R"({"page":1,"total_pages":2})"),
                         result("[" + record("2") + "," + record("3", "Seance:production:no") + "]",
                                R"({"page":2,"total_pages":2})")});

    auto records = over.get(over.cloudflare.records_with_comment("0123", "seance:production:"));

    ASSERT_TRUE(records);
    ASSERT_EQ(records->size(), 2u);
    EXPECT_EQ((*records)[0].name, "a.seance.dev");
    EXPECT_EQ((*records)[0].proxied, true);
    EXPECT_EQ(
        over.line(1),
        "GET "
        "/client/v4/zones/0123/dns_records?comment.startswith=seance%3Aproduction%3A&per_page=100&page=2");
}

TEST(Cloudflare, ReadsWhatANameHas) {
    CloudflareOver over({result(
        R"([{"id":"1","type":"TXT","name":"a.seance.dev","content":"\"x\"","ttl":1,"comment":null}])")});

    auto records = over.get(over.cloudflare.records_named("0123", "A.seance.dev"));

    ASSERT_TRUE(records);
    ASSERT_EQ(records->size(), 1u);
    EXPECT_EQ((*records)[0].content, "x");
    EXPECT_FALSE((*records)[0].proxied);
    EXPECT_THAT(over.line(0), HasSubstr("name.exact=a.seance.dev"));
}

Record wanted(RecordType type, std::string content) {
    Record out;
    out.type = type;
    out.name = "a.seance.dev";
    out.content = std::move(content);
    out.comment = "seance:production:a";
    if (type == RecordType::Cname) out.proxied = true;
    return out;
}

TEST(Cloudflare, MakesAllChangesInOneTransaction) {
    CloudflareOver over({result("{}")});
    Batch batch;
    batch.deletes = {"old"};
    batch.updates = {wanted(RecordType::Cname, "B.up.railway.app.")};
    batch.updates[0].id = "kept";
    batch.creates = {wanted(RecordType::Txt, "railway-verify=0f1e")};

    ASSERT_TRUE(over.get(over.cloudflare.apply("0123", batch)));

    EXPECT_EQ(over.line(0), "POST /client/v4/zones/0123/dns_records/batch");
    EXPECT_EQ(over.server.asked()[0].json(), boost::json::parse(R"({"deletes":[{"id":"old"}],
        "patches":[{"id":"kept","type":"CNAME","name":"a.seance.dev","content":"b.up.railway.app","ttl":1,"proxied":true,
            "comment":"seance:production:a"}],
        "posts":[{"type":"TXT","name":"a.seance.dev","content":"\"railway-verify=0f1e\"","ttl":1,
            "comment":"seance:production:a"}]})"));
}

TEST(Cloudflare, SendsAtMostTwoHundredChangesInOneCall) {
    CloudflareOver over({result("{}")});
    Batch batch;
    for (int i = 0; i < 150; ++i) batch.deletes.push_back(std::to_string(i));
    for (int i = 0; i < 100; ++i) batch.creates.push_back(wanted(RecordType::Txt, std::to_string(i)));

    ASSERT_TRUE(over.get(over.cloudflare.apply("0123", batch)));

    auto asked = over.server.asked();
    ASSERT_EQ(asked.size(), 2u);
    EXPECT_EQ(asked[0].json().at("posts").as_array().size(), 50u);
    EXPECT_EQ(asked[1].json().at("posts").as_array().size(), 50u);
    EXPECT_FALSE(asked[1].json().as_object().contains("deletes"));
}

TEST(Cloudflare, SendsNothingIfOneRecordCannotBeSentOrNothingIsToBeDone) {
    CloudflareOver over({result("{}")});
    Batch bad, none;
    bad.creates = {wanted(RecordType::Txt, "x"), wanted(RecordType::Txt, "x")};
    bad.creates[1].comment.assign(200, 'x');

    EXPECT_EQ(over.get(over.cloudflare.apply("0123", bad)).error().kind, FailureKind::User);
    EXPECT_TRUE(over.get(over.cloudflare.apply("0123", none)));
    EXPECT_EQ(over.server.calls(), 0u);
}

TEST(Cloudflare, NeverRepeatsABatchWhoseAnswerWasLost) {
    auto whole = result("{}");
    for (std::size_t cut : {std::size_t(0), std::size_t(20), whole.size() - 1}) {
        CloudflareOver over({whole.substr(0, cut), whole});
        Batch batch;
        batch.creates = {wanted(RecordType::Txt, "x")};

        auto done = over.get(over.cloudflare.apply("0123", batch));

        EXPECT_EQ(done.error().kind, FailureKind::Unreachable) << cut;
        EXPECT_THAT(done.error().what, HasSubstr("not known"));
        EXPECT_EQ(over.server.calls(), 1u);
    }
}

TEST(Cloudflare, RepeatsReadingAfterACutAndAfterALimit) {
    CloudflareOver over({"", json_answer("", "429 Too Many Requests", "retry-after: 3\r\n"),
                         json_answer("oops", "500 Internal Server Error"),
                         result(R"({"id":"t","status":"active"})")});

    EXPECT_TRUE(over.get(over.cloudflare.verify_token()));
    EXPECT_EQ(over.server.calls(), 4u);
}

TEST(Cloudflare, ReadsAnAnswerThatComesByteByByte) {
    CloudflareOver over({result(R"({"id":"t","status":"active"})")});
    over.server.one_byte_at_a_time = true;

    EXPECT_TRUE(over.get(over.cloudflare.verify_token()));
}

FailureKind kind_of(std::string_view status, std::string_view errors) {
    CloudflareOver over({error(status, errors)});
    return over.get(over.cloudflare.verify_token()).error().kind;
}

TEST(Cloudflare, DecidesByTheStatusAndWordsByTheCode) {
    EXPECT_EQ(kind_of("403 Forbidden", R"({"code":9109,"message":"Invalid access token"})"),
              FailureKind::Auth);
    EXPECT_EQ(kind_of("400 Bad Request", R"({"code":6003,"message":"Invalid request headers"})"),
              FailureKind::Auth);
    EXPECT_EQ(kind_of("401 Unauthorized", ""), FailureKind::Auth);
    EXPECT_EQ(kind_of("404 Not Found", R"({"code":7003,"message":"Could not route"})"),
              FailureKind::NotFound);
    EXPECT_EQ(kind_of("400 Bad Request", R"({"code":81053,"message":"exists"})"), FailureKind::User);
    EXPECT_EQ(kind_of("400 Bad Request", R"({"code":1004,"message":"DNS Validation Error"})"),
              FailureKind::User);
    EXPECT_EQ(kind_of("200 OK", R"({"code":1000,"message":"odd"})"), FailureKind::Api);
}

TEST(Cloudflare, RepeatsTheInnermostCauseAndNoSecret) {
    CloudflareOver over(
        {error("400 Bad Request",
               R"({"code":1004,"message":"DNS Validation Error","source":{"pointer":"/posts/0/content"},
        "error_chain":[{"code":9000,"message":"outer","error_chain":[{"code":9005,"message":"Content for CNAME is bad cf-token-1"}]}]})")});

    auto what = over.get(over.cloudflare.verify_token()).error().what;

    EXPECT_THAT(what, HasSubstr("Content for CNAME is bad"));
    EXPECT_THAT(what, HasSubstr("/posts/0/content"));
    EXPECT_THAT(what, Not(HasSubstr("cf-token-1")));
    EXPECT_THAT(what, HasSubstr("«hidden»"));
}

TEST(Cloudflare, SurvivesAnswersThatMakeNoSense) {
    for (auto body : {"<html>", "", "[]", "7", "{}", R"({"success":"yes"})", R"({"success":true,"result":7})",
                      R"({"success":false,"errors":{}})", R"({"success":false,"errors":[7]})"}) {
        CloudflareOver over({json_answer(body)});
        EXPECT_FALSE(over.get(over.cloudflare.verify_token())) << body;
    }
}

TEST(Cloudflare, ReadsAndSetsTheSslMode) {
    CloudflareOver over({result(R"({"id":"ssl","value":"flexible","editable":true})"), result("{}")});

    auto mode = over.get(over.cloudflare.ssl_setting("0123"));
    ASSERT_TRUE(mode);
    EXPECT_EQ(mode->mode, SslMode::Flexible);
    EXPECT_TRUE(mode->editable);
    EXPECT_TRUE(over.get(over.cloudflare.set_ssl_mode("0123", SslMode::Full)));
    EXPECT_EQ(over.line(1), "PATCH /client/v4/zones/0123/settings/ssl");
    EXPECT_EQ(over.server.asked()[1].json().at("value"), "full");
}

TEST(Cloudflare, RefusesATokenThatCannotBeOne) {
    CloudflareOver over({kNone});
    Cloudflare empty(over.loop, SecretText("a\nb"), CloudflareOptions{});

    EXPECT_EQ(over.get(empty.verify_token()).error().kind, FailureKind::Auth);
}

}  // namespace
}  // namespace seance::dns
