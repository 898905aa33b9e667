#include "core/base/hash.hpp"
#include "net/http/client.hpp"
#include "store/object/s3/s3_store.hpp"
#include "tests/integration/backend/backend_process.hpp"
#include "tests/support/run.hpp"
#include "tests/support/swift_server.hpp"

// Our S3 client and the backend against a real, strict S3 server: Debian's Swift with s3api.
namespace seance::object {
namespace {

using namespace testing_support;

struct Swift : testing::Test {
    static void SetUpTestSuite() { server = new SwiftServer(); }
    static void TearDownTestSuite() { delete server; }
    void SetUp() override {
        port = server->port();
        if (port != 0) return;
        if (server->is_not_installed()) GTEST_SKIP() << "the S3 tests on Swift: " << server->reason();
        FAIL() << server->reason();
    }

    static S3Options options() {
        S3Options s3;
        s3.endpoint = {"127.0.0.1", port, false};
        s3.bucket = "seance-test";
        s3.credentials = {"test:tester", SecretText("testing"), "us-east-1"};
        s3.path_style = true;
        s3.part_size = 5 << 20;
        s3.first_pause = std::chrono::milliseconds(10);
        s3.longest_pause = std::chrono::milliseconds(100);
        return s3;
    }

    static inline SwiftServer* server = nullptr;
    static inline std::uint16_t port = 0;
    Loop loop;
    http::Client client{loop};
};

class Pieces final : public BodySource {
  public:
    Pieces(std::size_t count, std::string piece, bool breaks = false)
        : count_(count), piece_(std::move(piece)), breaks_(breaks) {}
    Awaitable<Stored<std::string_view>> read() override {
        Failure failure{Reason::BadSource, "the sender hung up"};
        if (count_ == 0 && breaks_) co_return failure;
        if (count_ == 0) co_return std::string_view{};
        --count_;
        co_return piece_;
    }

  private:
    std::size_t count_;
    std::string piece_;
    bool breaks_;
};

Awaitable<void> expect_round_trip(S3Store& store, std::string key) {
    std::string body("a\0\r\n\xff", 5);
    PutOptions options{"text/yaml", "public, max-age=60", true};
    auto put = co_await store.put(key, body, options);
    EXPECT_TRUE(put) << put.error().what;
    auto got = co_await store.get(key, 100);
    EXPECT_TRUE(got && *got == body) << key;
    auto head = co_await store.head(key);
    EXPECT_TRUE(head) << key;
    if (head) {
        EXPECT_EQ(head->size, 5u);
        EXPECT_EQ(head->content_type.substr(0, 9), "text/yaml");
        EXPECT_NE(head->etag, "");
        EXPECT_LT(std::chrono::system_clock::now() - head->modified, std::chrono::minutes(5));
    }
    auto listed = co_await store.list(key.substr(0, 8), "", 1000);
    EXPECT_TRUE(listed && listed->objects.size() == 1 && listed->objects[0].key == key) << key;
    for (int i = 0; i < 2; ++i) {
        auto removed = co_await store.remove(key);
        EXPECT_TRUE(removed);
    }
    auto gone = co_await store.get(key, 100);
    EXPECT_TRUE(!gone && gone.error().reason == Reason::NotFound);
    auto no_head = co_await store.head(key);
    EXPECT_TRUE(!no_head && no_head.error().reason == Reason::NotFound);
    EXPECT_TRUE(store.state().well);
}

TEST_F(Swift, KeepsBytesUnderAnyGoodKey) {
    S3Store store(client, options());
    for (std::string key :
         {"plainkey/a.txt", "trickykey/a b+c&d=é/%41~'(x)*!@:,;$?#.txt", "unicode1/Séance 中.dmg"})
        run(loop, expect_round_trip(store, key));
}

Awaitable<void> expect_parts(S3Store& store) {
    Pieces pieces(700, std::string(16 * 1024, 'x'));
    PutOptions options{"application/octet-stream", "", false};
    auto put = co_await store.put_from("large/parts.bin", pieces, options);
    EXPECT_TRUE(put) << put.error().what;
    EXPECT_TRUE(put && put->size == 700u * 16 * 1024);
    EXPECT_TRUE(put && put->etag.find("-3") != std::string::npos) << put->etag;
    auto got = co_await store.get("large/parts.bin", 64 << 20);
    EXPECT_TRUE(got && *got == std::string(700 * 16 * 1024, 'x'));
    std::string exact(5 << 20, 'y');
    auto one = co_await store.put("large/one-part.bin", exact, options);
    EXPECT_TRUE(one && one->etag.find('-') == std::string::npos);
    auto empty = co_await store.put("large/empty", "", options);
    EXPECT_TRUE(empty) << empty.error().what;
    auto none = co_await store.get("large/empty", 10);
    EXPECT_TRUE(none && none->empty());
}

TEST_F(Swift, TakesLargeBodiesInParts) {
    S3Store store(client, options());
    run(loop, expect_parts(store));
}

Awaitable<void> expect_no_upload_left(S3Store& store, S3Requests& requests) {
    Pieces pieces(700, std::string(16 * 1024, 'x'), true);
    PutOptions options;
    auto put = co_await store.put_from("broken/upload.bin", pieces, options);
    EXPECT_TRUE(!put && put.error().reason == Reason::BadSource);
    S3Request uploads{"GET", "", {{"uploads", ""}, {"prefix", "broken/"}}, {}, ""};
    auto left = co_await requests.send(std::move(uploads));
    EXPECT_TRUE(left) << left.error().what;
    EXPECT_EQ(left->body.find("<Upload>"), std::string::npos) << left->body;
    auto head = co_await store.head("broken/upload.bin");
    EXPECT_FALSE(head);
}

TEST_F(Swift, LeavesNoUploadBehindWhenTheBodyBreaksOff) {
    S3Store store(client, options());
    S3Requests requests(client, options());
    run(loop, expect_no_upload_left(store, requests));
}

Awaitable<void> expect_pages_and_copies(S3Store& store) {
    PutOptions options{"text/html", "", false};
    for (auto key : {"p/a", "p/b", "p/c", "p/d", "p/e"}) {
        auto put = co_await store.put(key, key, options);
        EXPECT_TRUE(put);
    }
    std::vector<std::string> keys;
    std::string after;
    int pages = 0;
    do {
        auto page = co_await store.list("p/", after, 2);
        EXPECT_TRUE(page);
        if (!page) co_return;
        for (auto& object : page->objects) keys.push_back(object.key);
        after = page->next;
        ++pages;
    } while (!after.empty());
    EXPECT_EQ(keys, (std::vector<std::string>{"p/a", "p/b", "p/c", "p/d", "p/e"}));
    EXPECT_EQ(pages, 3);

    auto copied = co_await store.copy("p/a", "p/b", true);
    EXPECT_TRUE(copied) << copied.error().what;
    auto got = co_await store.get("p/b", 10);
    EXPECT_TRUE(got && *got == "p/a");
    auto absent = co_await store.copy("p/none", "p/b", false);
    EXPECT_TRUE(!absent && absent.error().reason == Reason::NotFound) << absent.error().what;
}

TEST_F(Swift, ListsInPagesAndCopies) {
    S3Store store(client, options());
    run(loop, expect_pages_and_copies(store));
}

Awaitable<void> expect_failure(S3Store& store, Reason reason, const char* words) {
    auto head = co_await store.get("a", 10);
    EXPECT_FALSE(head);
    EXPECT_EQ(head.error().reason, reason);
    EXPECT_NE(head.error().what.find(words), std::string::npos) << head.error().what;
    EXPECT_EQ(head.error().what.find("wrong"), std::string::npos);
}

TEST_F(Swift, SaysWhatIsWrongWithCredentialsAndBucket) {
    auto wrong_secret = options();
    wrong_secret.credentials.secret = SecretText("wrong");
    auto wrong_bucket = options();
    wrong_bucket.bucket = "no-such-bucket";
    S3Store refused(client, wrong_secret), absent(client, wrong_bucket);

    run(loop, expect_failure(refused, Reason::Refused, "SPACES_SECRET_ACCESS_KEY"));
    run(loop, expect_failure(absent, Reason::Broken, "SPACES_BUCKET"));
    EXPECT_FALSE(refused.state().well);
}

Awaitable<void> store_one(S3Store& store) {
    PutOptions options;
    auto put = co_await store.put("signed/file", "for whoever has the link", options);
    EXPECT_TRUE(put);
}

TEST_F(Swift, HonoursOurPresignedLinksAndNoOthers) {
    S3Store store(client, options());
    run(loop, store_one(store));
    aws::Signable request{
        "GET", "/seance-test/signed/file", {}, {{"host", options().endpoint.authority()}}, ""};
    auto target = presigned_target(request, options().credentials, std::chrono::system_clock::now(),
                                   std::chrono::seconds(60));
    auto tampered = target;
    tampered.back() = tampered.back() == '0' ? '1' : '0';
    std::vector<std::pair<std::string, std::string>> fields;
    auto fetch = [&](const std::string& what) {
        RawClient raw(port);
        raw.patience = std::chrono::seconds(20);
        raw.sends("GET " + what + " HTTP/1.1\r\nHost: " + options().endpoint.authority() +
                  "\r\nConnection: close\r\n\r\n");
        return split_answer(raw.receives_all());
    };

    auto good = fetch(target), bad = fetch(tampered);

    EXPECT_EQ(good.status, 200);
    EXPECT_EQ(good.body, "for whoever has the link");
    EXPECT_EQ(bad.status, 403);
}

Awaitable<void> expect_published(S3Store& store) {
    auto got = co_await store.get("prod/releases/test.txt", 100);
    EXPECT_TRUE(got && *got == "over S3");
    auto head = co_await store.head("prod/latest-mac.yml");
    EXPECT_TRUE(head && head->content_type.substr(0, 9) == "text/yaml");
    auto staged = co_await store.list("prod/.staging/", "", 10);
    EXPECT_TRUE(staged && staged->objects.empty());
}

TEST_F(Swift, HoldsWhatTheBackendPublishes) {
    Child::Environment environment{{"OBJECT_STORE", "s3"},
                                   {"SPACES_ENDPOINT", "http://127.0.0.1:" + std::to_string(port)},
                                   {"SPACES_BUCKET", "seance-test"},
                                   {"SPACES_REGION", "us-east-1"},
                                   {"SPACES_ACCESS_KEY_ID", "test:tester"},
                                   {"SPACES_SECRET_ACCESS_KEY", "testing"},
                                   {"SPACES_PATH_STYLE", "true"}};
    Backend backend(environment);
    auto body =
        "{\"files\":[" + entry("latest-mac.yml", "v: 1") + "," + entry("releases/test.txt", "over S3") + "]}";

    for (int i = 0; i < 2; ++i) {  // new files, then the same replaced
        auto answer = backend.deploy(body);
        EXPECT_EQ(answer.status, 200) << answer.body << backend.log();
    }

    S3Store store(client, options());
    run(loop, expect_published(store));
    EXPECT_EQ(backend.get("/health").json().at("store").at("status"), "working");
}

}  // namespace
}  // namespace seance::object
