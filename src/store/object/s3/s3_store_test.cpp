#include "store/object/s3/s3_store.hpp"

#include <gtest/gtest.h>

#include <mutex>

#include "tests/support/run.hpp"
#include "tests/support/scripted_upstream.hpp"

namespace seance::object {
namespace {

using namespace testing_support;

std::string answer(const std::string& status, const std::string& body = "", const std::string& fields = "") {
    return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}
std::string error(const std::string& code) {
    return "<Error><Code>" + code + "</Code><Message>m</Message></Error>";
}

// An S3 server that gives these answers in turn, the last one for ever, and keeps the request heads.
class ScriptedS3 {
  public:
    explicit ScriptedS3(std::vector<std::string> answers)
        : answers_(std::move(answers)),
          upstream_([this](UpstreamConnection& connection) { serve(connection); }) {}

    S3Options options() const {
        S3Options options;
        options.endpoint = {"127.0.0.1", upstream_.port(), false};
        options.bucket = "b";
        options.credentials = {"id", SecretText("secret"), "r"};
        options.path_style = true;
        options.part_size = 10;
        options.attempts = 4;
        options.first_pause = options.longest_pause = std::chrono::milliseconds(1);
        return options;
    }
    std::vector<std::string> heads() {
        std::lock_guard lock(mutex_);
        return heads_;
    }
    std::vector<std::string> lines() {
        std::vector<std::string> lines;
        for (const auto& head : heads()) lines.push_back(head.substr(0, head.find(" HTTP/")));
        return lines;
    }

  private:
    void serve(UpstreamConnection& connection) {
        while (true) {
            auto head = connection.receives_head();
            if (head.empty()) return;
            auto at = head.find("ontent-length: ");
            if (at == std::string::npos) at = head.find("ontent-Length: ");
            if (at != std::string::npos) connection.receives(std::stoul(head.substr(at + 15)));
            std::string reply;
            {
                std::lock_guard lock(mutex_);
                reply = answers_[std::min(heads_.size(), answers_.size() - 1)];
                heads_.push_back(head);
            }
            connection.sends(reply);
        }
    }

    std::mutex mutex_;
    std::vector<std::string> answers_, heads_;
    ScriptedUpstream upstream_;
};

struct S3StoreTest : testing::Test {
    Loop loop;
    http::Client client{loop};
};

Awaitable<void> put_body(S3Store& store, std::string body, std::string& outcome) {
    PutOptions options;
    auto put = co_await store.put("k", body, options);
    outcome = put ? "stored " + put->etag : put.error().what;
}

TEST_F(S3StoreTest, RepeatsWhatAnOverloadedStoreRefused) {
    ScriptedS3 server({answer("503 Slow Down", error("SlowDown")), answer("500 Oops"),
                       answer("200 OK", "", "ETag: \"e\"\r\n")});
    S3Store store(client, server.options());
    std::string outcome;

    run(loop, put_body(store, "x", outcome));

    EXPECT_EQ(outcome, "stored \"e\"");
    EXPECT_EQ(server.heads().size(), 3u);
    EXPECT_TRUE(store.state().well);
}

TEST_F(S3StoreTest, GivesUpAfterItsAttempts) {
    ScriptedS3 server({answer("503 Slow Down", error("SlowDown"))});
    S3Store store(client, server.options());
    std::string outcome;

    run(loop, put_body(store, "x", outcome));

    EXPECT_EQ(outcome,
              "PUT k: the object store is overloaded or out of order; try again later (SlowDown: m)");
    EXPECT_EQ(server.heads().size(), 4u);
    EXPECT_FALSE(store.state().well);
}

TEST_F(S3StoreTest, DoesNotRepeatARefusal) {
    ScriptedS3 server({answer("403 Forbidden", error("AccessDenied"))});
    S3Store store(client, server.options());
    std::string outcome;

    run(loop, put_body(store, "x", outcome));

    EXPECT_EQ(server.heads().size(), 1u);
}

TEST_F(S3StoreTest, SignsOnceMoreByTheClockOfTheStore) {
    auto skewed =
        answer("403 Forbidden", error("RequestTimeTooSkewed"), "Date: Fri, 24 May 2013 00:00:00 GMT\r\n");
    ScriptedS3 right({skewed, answer("200 OK")}), wrong({skewed});
    S3Store store(client, right.options()), refused(client, wrong.options());
    std::string outcome;

    run(loop, put_body(store, "x", outcome));
    EXPECT_EQ(outcome, "stored ");
    ASSERT_EQ(right.heads().size(), 2u);
    EXPECT_NE(right.heads()[1].find("x-amz-date: 20130524T0000"), std::string::npos) << right.heads()[1];

    run(loop, put_body(refused, "x", outcome));
    EXPECT_NE(outcome.find("clock"), std::string::npos) << outcome;
    EXPECT_EQ(wrong.heads().size(), 2u);
}

const std::string kCreated =
    "<InitiateMultipartUploadResult><UploadId>u/1</UploadId></InitiateMultipartUploadResult>";
const std::string kCompleted =
    "<CompleteMultipartUploadResult><ETag>\"e-3\"</ETag></CompleteMultipartUploadResult>";

TEST_F(S3StoreTest, RepeatsACompletionThatHidesAnErrorInASuccess) {
    auto part = answer("200 OK", "", "ETag: \"p\"\r\n");
    ScriptedS3 server({answer("200 OK", kCreated), part, part, part,
                       answer("200 OK", "  \n" + error("InternalError")), answer("200 OK", kCompleted)});
    S3Store store(client, server.options());
    std::string outcome;

    run(loop, put_body(store, std::string(25, 'x'), outcome));

    EXPECT_EQ(outcome, "stored \"e-3\"");
    EXPECT_EQ(server.lines(),
              (std::vector<std::string>{"POST /b/k?uploads=", "PUT /b/k?partNumber=1&uploadId=u%2F1",
                                        "PUT /b/k?partNumber=2&uploadId=u%2F1",
                                        "PUT /b/k?partNumber=3&uploadId=u%2F1", "POST /b/k?uploadId=u%2F1",
                                        "POST /b/k?uploadId=u%2F1"}));
}

TEST_F(S3StoreTest, AbortsAnUploadThatCannotBeCompleted) {
    auto part = answer("200 OK", "", "ETag: \"p\"\r\n");
    ScriptedS3 server({answer("200 OK", kCreated), part, part, answer("200 OK", error("InvalidPart")),
                       answer("204 No Content")});
    S3Store store(client, server.options());
    std::string outcome;

    run(loop, put_body(store, std::string(15, 'x'), outcome));

    EXPECT_NE(outcome.find("InvalidPart"), std::string::npos) << outcome;
    EXPECT_EQ(server.lines().back(), "DELETE /b/k?uploadId=u%2F1");
}

TEST_F(S3StoreTest, FindsAnUploadThatWasCompletedThoughTheAnswerWasLost) {
    auto part = answer("200 OK", "", "ETag: \"p\"\r\n");
    ScriptedS3 server({answer("200 OK", kCreated), part, part, answer("500 Oops"),
                       answer("404 Not Found", error("NoSuchUpload")),
                       "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nETag: \"e-2\"\r\n\r\n"});
    S3Store store(client, server.options());
    std::string outcome;

    run(loop, put_body(store, std::string(15, 'x'), outcome));

    EXPECT_EQ(outcome, "stored \"e-2\"");
}

TEST_F(S3StoreTest, SaysThatTheStoreCannotBeReached) {
    S3Options options;
    options.endpoint = {"127.0.0.1", 1, false};
    options.bucket = "b";
    options.path_style = true;
    options.attempts = 2;
    options.first_pause = std::chrono::milliseconds(1);
    S3Store store(client, options);
    std::string outcome;

    run(loop, put_body(store, "x", outcome));

    EXPECT_NE(outcome.find("the object store at 127.0.0.1:1 did not answer"), std::string::npos) << outcome;
}

Awaitable<void> read_listing(S3Store& store, std::string& outcome) {
    auto listed = co_await store.list("a b", "t/1", 7);
    outcome = listed ? listed->objects.at(0).key + " then " + listed->next : listed.error().what;
}

TEST_F(S3StoreTest, ReadsEncodedListingsAndPassesTheTokenOn) {
    ScriptedS3 server(
        {answer(
             "200 OK",
             "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
             "<NextContinuationToken>t/2</NextContinuationToken><Contents><Key>a+b%2Bc%26</Key><Size>3</Size>"
             "</Contents></ListBucketResult>"),
         answer("200 OK", "<html/>")});
    S3Store store(client, server.options());
    std::string outcome;

    run(loop, read_listing(store, outcome));
    EXPECT_EQ(outcome, "a b+c& then t/2");
    EXPECT_EQ(server.lines()[0],
              "GET /b?continuation-token=t%2F1&encoding-type=url&list-type=2&max-keys=7&prefix=a%20b");

    run(loop, read_listing(store, outcome));
    EXPECT_NE(outcome.find("makes no sense"), std::string::npos);
}

}  // namespace
}  // namespace seance::object
