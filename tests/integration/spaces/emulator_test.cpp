#include "tests/support/emulator.hpp"
#include "platform/spaces/cors.hpp"
#include "store/object/s3/s3_store.hpp"
#include "tests/integration/backend/backend_process.hpp"
#include "tests/integration/spaces/calls.hpp"

// The bucket client, the object store and the backend against the emulator of Spaces.
namespace seance::spaces {
namespace {

using namespace testing_support;
using namespace calls;
using remote::FailureKind;
using Origins = std::vector<std::string>;

struct SpacesEmulator : testing::Test {
    void SetUp() override {
        if (auto why = Emulator::missing("spaces"); !why.empty())
            GTEST_SKIP() << "the bucket tests on the emulator: " << why;
        Origins arguments{"--region",   "sfo3",    "--access-key-id", "DO00TEST", "--secret-access-key",
                          "the-secret", "--taken", "somebody-elses"};
        emulator = std::make_unique<Emulator>("spaces", arguments);
        options.endpoint = emulator->text("url");
        options.bucket = "seance-cdn";
        options.region = "sfo3";
        options.access_key_id = "DO00TEST";
        options.secret_access_key = SecretText("the-secret");
        options.backoff_scale = 0;
    }

    object::S3Options store_options() const {
        object::S3Options s3;
        s3.endpoint = {"127.0.0.1", emulator->port(), false};
        s3.bucket = "seance-cdn";
        s3.credentials = {"DO00TEST", SecretText("the-secret"), "sfo3"};
        s3.path_style = true;
        s3.part_size = 5 << 20;
        s3.first_pause = s3.longest_pause = std::chrono::milliseconds(1);
        return s3;
    }

    std::unique_ptr<Emulator> emulator;
    BucketOptions options;
};

TEST_F(SpacesEmulator, BecomesWhatIsWanted) {
    auto before = read(options);
    auto made = create(options), again = create(options);
    auto bare = read(options);
    auto written = set_cors(options, {"https://seance.dev", "https://*.seance.dev"});
    auto after = read(options);

    ASSERT_TRUE(before && made && again && bare && written && after)
        << what(before) << what(made) << what(again) << what(bare) << what(written) << what(after);
    EXPECT_FALSE(before->exists);
    EXPECT_TRUE(bare->exists && bare->cors_origins.empty());
    EXPECT_EQ(after->cors_origins, (Origins{"https://seance.dev", "https://*.seance.dev"}));
    ASSERT_TRUE(set_cors(options, {"*"}));
    EXPECT_EQ(read(options)->cors_origins, Origins{"*"});
    ASSERT_TRUE(set_cors(options, {}));
    EXPECT_EQ(read(options)->cors_origins, Origins{});
}

TEST_F(SpacesEmulator, IsMadeWhenAnswersAreLost) {
    emulator->control(
        R"({"next":[{"match":"PUT /seance-cdn","do":"lose"},{"match":"HEAD /seance-cdn","do":"drop"},
        {"match":"PUT /seance-cdn?cors=","do":"lose"},{"match":"GET /seance-cdn?cors=","do":"drop","times":2}]})");

    auto made = create(options);
    auto written = set_cors(options, {"*"});
    auto state = read(options);

    EXPECT_TRUE(made) << what(made);
    EXPECT_TRUE(written) << what(written);
    EXPECT_TRUE(state && state->exists && state->cors_origins == Origins{"*"}) << what(state);
}

TEST_F(SpacesEmulator, IsUnreachableWhenEveryAnswerIsLost) {
    emulator->control(R"({"killAt":1,"act":true})");

    auto made = create(options);

    EXPECT_TRUE(failed(made, FailureKind::Unreachable, "did not answer")) << what(made);
    EXPECT_TRUE(!made && made.error().an_answer_was_lost);
    EXPECT_TRUE(emulator->view("state").at("buckets").as_object().contains("seance-cdn"));
}

TEST_F(SpacesEmulator, MayAskForFewerRequests) {
    emulator->control(R"({"next":[{"match":"*","do":"rate-limit","times":3}]})");
    auto patient = create(options);
    emulator->control(R"({"next":[{"match":"*","do":"rate-limit","times":9}]})");
    auto refused = set_cors(options, {"*"});
    emulator->control(R"({"clear":true})");
    emulator->control(R"({"next":[{"match":"*","do":"rate-limit","after":86400}]})");
    auto for_a_day = read(options);

    EXPECT_TRUE(patient) << what(patient);
    EXPECT_TRUE(failed(refused, FailureKind::RateLimited, "(5 tries)")) << what(refused);
    EXPECT_TRUE(failed(for_a_day, FailureKind::RateLimited, "try again in 1d")) << what(for_a_day);
}

TEST_F(SpacesEmulator, SaysWhatIsWrongWithTheCredentials) {
    ASSERT_TRUE(create(options));
    auto wrong_secret = options, wrong_id = options, wrong_region = options;
    wrong_secret.secret_access_key = SecretText("another-secret");
    wrong_id.access_key_id = "DO00OTHER";
    wrong_region.region = "nyc3";

    EXPECT_TRUE(failed(read(wrong_secret), FailureKind::Auth, "check SPACES_SECRET_ACCESS_KEY"));
    EXPECT_TRUE(failed(create(wrong_secret), FailureKind::Auth, "check SPACES_SECRET_ACCESS_KEY"));
    EXPECT_EQ(what(read(wrong_secret)).find("another-secret"), std::string::npos);
    EXPECT_TRUE(failed(read(wrong_id), FailureKind::Auth, "does not know the access key id"));
    auto elsewhere = read(wrong_region);
    EXPECT_TRUE(failed(elsewhere, FailureKind::User, "nyc3 is the wrong region")) << what(elsewhere);
    EXPECT_TRUE(failed(elsewhere, FailureKind::User, "the region there is sfo3")) << what(elsewhere);
}

TEST_F(SpacesEmulator, SaysHowFarTheClockIsOff) {
    emulator->control(R"({"advance":3600})");

    auto state = read(options);

    EXPECT_TRUE(failed(state, FailureKind::Auth, "this machine's clock is 3")) << what(state);
    EXPECT_TRUE(failed(state, FailureKind::Auth, " s behind the service's")) << what(state);
}

TEST_F(SpacesEmulator, SaysWhatTheKeyMayNotDo) {
    ASSERT_TRUE(create(options));
    emulator->control(R"({"keys":[{"id":"DO00LIMITED","secret":"limited",
        "grants":[{"bucket":"seance-cdn","permission":"readwrite"}]}]})");
    auto limited = options;
    limited.access_key_id = "DO00LIMITED";
    limited.secret_access_key = SecretText("limited");
    auto other = limited;
    other.bucket = "seance-other";

    EXPECT_TRUE(read(limited, false));
    EXPECT_TRUE(failed(read(limited, true), FailureKind::Auth, "lacks the grant fullaccess for it"));
    EXPECT_TRUE(failed(create(other), FailureKind::Auth, "lacks the grant fullaccess for all buckets"));
}

TEST_F(SpacesEmulator, TellsABucketOfSomebodyElse) {
    options.bucket = "somebody-elses";

    auto seen = read(options, false);
    auto made = create(options);

    EXPECT_TRUE(failed(seen, FailureKind::Auth, "belongs to somebody else")) << what(seen);
    EXPECT_TRUE(failed(made, FailureKind::Auth, "is taken by another account")) << what(made);
}

class Pieces final : public object::BodySource {
  public:
    explicit Pieces(std::size_t count) : count_(count) {}
    Awaitable<object::Stored<std::string_view>> read() override {
        if (count_ == 0) co_return std::string_view{};
        --count_;
        co_return piece_;
    }

  private:
    std::size_t count_;
    std::string piece_ = std::string(16 * 1024, 'x');
};

Awaitable<void> expect_store_works(object::S3Store& store) {
    object::PutOptions options{"text/yaml", "public, max-age=60", true};
    std::string body("a\0\r\n\xff", 5);
    for (std::string key : {"k/plain.txt", "k/a b+c&d=é/%41~'(x)*!@:,;$?#.txt", "k/Séance 中.dmg"}) {
        auto put = co_await store.put(key, body, options);
        EXPECT_TRUE(put) << key << put.error().what;
        auto got = co_await store.get(key, 100);
        EXPECT_TRUE(got && *got == body) << key;
    }
    auto first = co_await store.list("k/", "", 2);
    EXPECT_TRUE(first && first->objects.size() == 2 && !first->next.empty());
    if (!first) co_return;
    auto second = co_await store.list("k/", first->next, 2);
    EXPECT_TRUE(second && second->objects.size() == 1 && second->next.empty());
    auto copied = co_await store.copy("k/a b+c&d=é/%41~'(x)*!@:,;$?#.txt", "k/copy", false);
    EXPECT_TRUE(copied) << copied.error().what;
    auto head = co_await store.head("k/copy");
    EXPECT_TRUE(head && head->size == 5 && head->content_type == "text/yaml");
    auto removed = co_await store.remove("k/copy");
    EXPECT_TRUE(removed);
    auto gone = co_await store.head("k/copy");
    EXPECT_TRUE(!gone && gone.error().reason == object::Reason::NotFound);
    Pieces pieces(700);
    auto parts = co_await store.put_from("k/parts.bin", pieces, options);
    EXPECT_TRUE(parts && parts->etag.find("-3") != std::string::npos) << parts.error().what;
    auto whole = co_await store.get("k/parts.bin", 64 << 20);
    EXPECT_TRUE(whole && *whole == std::string(700 * 16 * 1024, 'x'));
}

TEST_F(SpacesEmulator, ServesOurObjectStore) {
    ASSERT_TRUE(create(options));
    Loop loop;
    http::Client client(loop);
    object::S3Store store(client, store_options());

    run(loop, expect_store_works(store));

    EXPECT_EQ(emulator->view("state").at("buckets").at("seance-cdn").at("uploads"), 0);
}

TEST_F(SpacesEmulator, ServesWhatTheBackendPublishes) {
    ASSERT_TRUE(create(options));
    ASSERT_TRUE(set_cors(options, {"https://seance.dev"}));
    Child::Environment environment{{"OBJECT_STORE", "s3"},
                                   {"SPACES_ENDPOINT", options.endpoint},
                                   {"SPACES_BUCKET", "seance-cdn"},
                                   {"SPACES_REGION", "sfo3"},
                                   {"SPACES_ACCESS_KEY_ID", "DO00TEST"},
                                   {"SPACES_SECRET_ACCESS_KEY", "the-secret"},
                                   {"SPACES_PATH_STYLE", "true"},
                                   {"SPACES_CDN_ENDPOINT", emulator->text("cdn") + "/seance-cdn"}};
    Backend backend(environment);
    auto body =
        "{\"files\":[" + entry("latest-mac.yml", "v: 1") + "," + entry("releases/test.txt", "over S3") + "]}";

    auto deployed = backend.deploy(body);

    ASSERT_EQ(deployed.status, 200) << deployed.body << backend.log();
    auto from_bucket = call(emulator->port(), "GET", "/seance-cdn/prod/releases/test.txt");
    auto from_cdn = call(emulator->port(), "GET", "/cdn/seance-cdn/prod/releases/test.txt",
                         {{"Origin", "https://seance.dev"}});
    EXPECT_EQ(from_bucket.body, "over S3");
    EXPECT_EQ(from_cdn.body, "over S3");
    EXPECT_NE(from_cdn.head.find("access-control-allow-origin: https://seance.dev"), std::string::npos)
        << from_cdn.head;
    EXPECT_EQ(backend.get("/health").json().at("store").at("status"), "working");
}

}  // namespace
}  // namespace seance::spaces
