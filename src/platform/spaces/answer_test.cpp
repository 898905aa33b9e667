#include "platform/spaces/answer.hpp"

#include <gtest/gtest.h>

#include "store/object/s3/answer.hpp"

namespace seance::spaces {
namespace {

using remote::FailureKind;

const auto kNow = *object::parse_iso_time("2026-03-01T12:00:00Z");

std::string error(const std::string& code, const std::string& more = "") {
    return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>Words\nof it</Message>" + more +
           "<RequestId>tx1</RequestId></Error>";
}

http::WholeResponse answer(int status, std::string body = "") {
    http::WholeResponse out;
    out.status = status;
    out.body = std::move(body);
    return out;
}

Judgement judged(const http::WholeResponse& given) {
    Question question;
    question.doing = "making the bucket seance-cdn";
    question.bucket = "seance-cdn";
    question.region = "nyc3";
    question.host = "nyc3.test";
    question.rights = "the grant fullaccess for it";
    return judge(given, question, kNow);
}

TEST(SpacesAnswer, SaysWhatWasAskedWhatHappenedAndWhatToDo) {
    auto it = judged(answer(403, error("SignatureDoesNotMatch")));

    EXPECT_EQ(it.failure.kind, FailureKind::Auth);
    EXPECT_EQ(it.failure.what,
              "making the bucket seance-cdn: the secret access key does not belong to the key id; check "
              "SPACES_SECRET_ACCESS_KEY (status 403, SignatureDoesNotMatch: Words of it)");
    EXPECT_EQ(it.failure.trace_id, "tx1");
    EXPECT_EQ(it.code, "SignatureDoesNotMatch");
    EXPECT_FALSE(it.again);
}

struct Case {
    int status;
    std::string body;
    FailureKind kind;
    std::string words;
    bool again = false;
};

TEST(SpacesAnswer, TellsRefusalsApart) {
    for (const auto& one : std::vector<Case>{
             {403, error("InvalidAccessKeyId"), FailureKind::Auth, "does not know the access key id"},
             {403, error("AccessDenied"), FailureKind::Auth, "or the key lacks the grant fullaccess for it"},
             {403, "", FailureKind::Auth,
              "check SPACES_ACCESS_KEY_ID, SPACES_SECRET_ACCESS_KEY, this machine's clock"},
             {401, "<html>", FailureKind::Auth, "check SPACES_ACCESS_KEY_ID"},
             {409, error("BucketAlreadyExists"), FailureKind::Auth,
              "the name seance-cdn is taken by another account"},
             {400, error("InvalidBucketName"), FailureKind::User, "no name for a bucket"},
             {400, error("TooManyBuckets"), FailureKind::User, "as many buckets as it may"},
             {404, error("NoSuchBucket"), FailureKind::NotFound,
              "there is no bucket seance-cdn at nyc3.test"},
             {404, "", FailureKind::NotFound, "knows nothing of it"},
             {501, error("NotImplemented"), FailureKind::User, "nyc3.test does not support this call"},
             {400, error("MalformedXML"), FailureKind::Api, "did not do it"},
             {503, error("SlowDown"), FailureKind::RateLimited, "asks for fewer requests", true},
             {429, "", FailureKind::RateLimited, "asks for fewer requests", true},
             {503, "", FailureKind::Api, "overloaded or out of order", true},
             {500, error("InternalError"), FailureKind::Api, "overloaded or out of order", true},
             {409, error("OperationAborted"), FailureKind::Api, "overloaded or out of order", true},
             {400, error("RequestTimeout"), FailureKind::Api, "overloaded or out of order", true}}) {
        auto it = judged(answer(one.status, one.body));

        EXPECT_EQ(it.failure.kind, one.kind) << it.failure.what;
        EXPECT_NE(it.failure.what.find(one.words), std::string::npos) << it.failure.what;
        EXPECT_EQ(it.again, one.again) << it.failure.what;
    }
}

TEST(SpacesAnswer, NamesTheRightRegion) {
    auto by_signature =
        judged(answer(400, error("AuthorizationHeaderMalformed", "<Region>sfo3</Region>"))).failure;
    auto by_address =
        judged(answer(301, error("PermanentRedirect", "<Endpoint>sfo3.test</Endpoint>"))).failure;
    auto headed = answer(301);
    headed.fields.add("x-amz-bucket-region", "ams3");
    auto moved = answer(307);
    moved.fields.add("location", "https://fra1.test/");

    EXPECT_EQ(by_signature.kind, FailureKind::User);
    EXPECT_NE(by_signature.what.find(
                  "nyc3 is the wrong region or endpoint for the bucket seance-cdn (nyc3.test); the "
                  "region there is sfo3"),
              std::string::npos)
        << by_signature.what;
    EXPECT_NE(by_address.what.find("its address is sfo3.test"), std::string::npos) << by_address.what;
    EXPECT_NE(judged(headed).failure.what.find("its region is ams3"), std::string::npos);
    EXPECT_NE(judged(moved).failure.what.find("it sent us to https://fra1.test/"), std::string::npos);
    EXPECT_EQ(judged(answer(400, error("IllegalLocationConstraintException"))).failure.kind,
              FailureKind::User);
}

TEST(SpacesAnswer, SaysHowFarTheClockIsOff) {
    auto told =
        judged(answer(403, error("RequestTimeTooSkewed", "<ServerTime>2026-03-01T13:00:00Z</ServerTime>")));
    auto dated = answer(403, error("RequestTimeTooSkewed"));
    dated.fields.add("date", "Sun, 01 Mar 2026 11:40:00 GMT");
    auto bare = answer(403);  // as to a HEAD
    bare.fields.add("date", "Sun, 01 Mar 2026 11:40:00 GMT");
    auto near = answer(403);
    near.fields.add("date", "Sun, 01 Mar 2026 11:50:00 GMT");

    EXPECT_EQ(told.failure.kind, FailureKind::Auth);
    EXPECT_NE(told.failure.what.find("this machine's clock is 3600 s behind the service's; set it right"),
              std::string::npos)
        << told.failure.what;
    EXPECT_NE(judged(dated).failure.what.find("1200 s ahead of"), std::string::npos);
    EXPECT_NE(judged(bare).failure.what.find("1200 s ahead of"), std::string::npos);
    EXPECT_EQ(judged(near).failure.what.find("ahead of"), std::string::npos);
    EXPECT_NE(judged(answer(403, error("RequestTimeTooSkewed"))).failure.what.find("differs too much"),
              std::string::npos);
}

TEST(SpacesAnswer, HandsOnHowLongTheServiceWantsUsToWait) {
    auto slow = answer(503, error("SlowDown"));
    slow.fields.add("retry-after", "7");

    EXPECT_EQ(judged(slow).wait, Duration(std::chrono::seconds(7)));
    EXPECT_NE(judged(slow).failure.what.find("try again in 7s"), std::string::npos);
    EXPECT_FALSE(judged(answer(503, error("SlowDown"))).wait);
    slow.body.clear();  // as to a HEAD
    EXPECT_EQ(judged(slow).failure.kind, FailureKind::RateLimited);
}

TEST(SpacesAnswer, KeepsTheServicesWordsShortAndOnOneLine) {
    auto it = judged(answer(
        400, "<Error><Code>X&#10;&#27;[31m</Code><Message>" + std::string(5000, 'm') + "</Message></Error>"));

    EXPECT_LT(it.failure.what.size(), 500u);
    for (char c : it.failure.what) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
}

}  // namespace
}  // namespace seance::spaces
