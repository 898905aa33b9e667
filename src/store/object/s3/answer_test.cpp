#include "store/object/s3/answer.hpp"

#include <gtest/gtest.h>

namespace seance::object {
namespace {

std::string error(std::string code, std::string message = "m") {
    return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>" + message +
           "</Message></Error>";
}

TEST(S3Answer, SaysWhatWentWrongAndWhatToDo) {
    auto complaint =
        complaint_of(403, error("SignatureDoesNotMatch", "The signature\ndoes not match"), "PUT a");

    EXPECT_EQ(complaint.failure.reason, Reason::Refused);
    EXPECT_FALSE(complaint.try_again);
    EXPECT_EQ(complaint.failure.what,
              "PUT a: the object store refused the credentials; check SPACES_ACCESS_KEY_ID, "
              "SPACES_SECRET_ACCESS_KEY, "
              "SPACES_REGION and the key's rights (SignatureDoesNotMatch: The signature does not match)");
}

TEST(S3Answer, KnowsWhatMayPass) {
    EXPECT_TRUE(complaint_of(503, error("SlowDown"), "x").try_again);
    EXPECT_TRUE(complaint_of(500, "<html>", "x").try_again);
    EXPECT_TRUE(complaint_of(400, error("RequestTimeout"), "x").try_again);
    EXPECT_TRUE(complaint_of(429, "", "x").try_again);
    EXPECT_FALSE(complaint_of(501, error("NotImplemented"), "x").try_again);
    EXPECT_FALSE(complaint_of(404, "", "x").try_again);
    EXPECT_TRUE(complaint_of(403, error("RequestTimeTooSkewed"), "x").clock_wrong);
}

TEST(S3Answer, TellsAnAbsentObjectFromAnAbsentBucket) {
    EXPECT_EQ(complaint_of(404, "", "HEAD a").failure.reason, Reason::NotFound);
    EXPECT_EQ(complaint_of(404, error("NoSuchKey"), "GET a").failure.reason, Reason::NotFound);
    EXPECT_EQ(complaint_of(404, error("NoSuchBucket"), "GET a").failure.reason, Reason::Broken);
}

TEST(S3Answer, FindsTheErrorInsideASuccess) {
    auto complaint = hidden_complaint("   \n" + error("InternalError"), "x");

    ASSERT_TRUE(complaint);
    EXPECT_TRUE(complaint->try_again);
    EXPECT_FALSE(hidden_complaint("<CopyObjectResult/>", "x"));
}

TEST(S3Answer, ReadsBothKindsOfDates) {
    auto noon = std::chrono::system_clock::from_time_t(1369396800);
    EXPECT_EQ(parse_http_date("Fri, 24 May 2013 12:00:00 GMT"), noon);
    EXPECT_EQ(parse_iso_time("2013-05-24T12:00:00.000Z"), noon);
    EXPECT_FALSE(parse_http_date("yesterday"));
    EXPECT_FALSE(parse_iso_time("2013-05-24"));
}

}  // namespace
}  // namespace seance::object
