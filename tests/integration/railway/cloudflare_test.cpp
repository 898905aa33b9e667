#include "platform/dns/cloudflare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/support/emulator.hpp"
#include "tests/support/run.hpp"

namespace seance::dns {
namespace {

using testing::HasSubstr;

template <class T>
Awaitable<void> keep(Awaitable<T> work, std::optional<T>& out) {
    out = co_await std::move(work);
}

}  // namespace

class CloudflareEmulated : public testing::Test {
  protected:
    void SetUp() override {
        auto missing = testing_support::Emulator::missing("cloudflare");
        if (!missing.empty()) GTEST_SKIP() << missing;
        std::vector<std::string> arguments{"--zone", "seance.dev", "--token", "cf-token"};
        emulator = std::make_unique<testing_support::Emulator>("cloudflare", arguments);
        options.base = emulator->text("url");
        options.retry.backoff_scale = 0.001;
        cloudflare = std::make_unique<Cloudflare>(loop, SecretText("cf-token"), options);
    }

    template <class T>
    Reply<T> get(Awaitable<Reply<T>> work) {
        std::optional<Reply<T>> out;
        testing_support::run(loop, keep(std::move(work), out));
        return std::move(*out);
    }
    template <class T>
    T must(Awaitable<Reply<T>> work) {
        auto reply = get(std::move(work));
        if (!reply) throw std::runtime_error(reply.error().what);
        if constexpr (!std::is_void_v<T>) return std::move(*reply);
    }
    static Record wanted(RecordType type, std::string name, std::string content) {
        Record out;
        out.type = type;
        out.name = std::move(name);
        out.content = std::move(content);
        out.comment = "seance:production:backend";
        if (type == RecordType::Cname) out.proxied = true;
        return out;
    }

    Loop loop;
    CloudflareOptions options;
    std::unique_ptr<testing_support::Emulator> emulator;
    std::unique_ptr<Cloudflare> cloudflare;
};

TEST_F(CloudflareEmulated, KnowsGoodTokensFromBadOnes) {
    EXPECT_TRUE(must(cloudflare->verify_token()).active());
    Cloudflare stranger(loop, SecretText("no-such-token"), options);

    auto reply = get(stranger.verify_token());

    EXPECT_EQ(reply.error().kind, FailureKind::Auth) << reply.error().what;
}

TEST_F(CloudflareEmulated, WritesBothRecordsOfADomainAndReadsThemBackAsWanted) {
    auto zone = must(cloudflare->find_zone("backend.seance.dev"));
    EXPECT_EQ(zone.name, "seance.dev");
    Batch batch;
    batch.creates = {wanted(RecordType::Cname, "backend.seance.dev", "ABC.up.railway.app."),
                     wanted(RecordType::Txt, "_railway-verify.backend.seance.dev", "railway-verify=0f1e")};

    must(cloudflare->apply(zone.id, batch));

    auto live = must(cloudflare->records_with_comment(zone.id, "seance:production:"));
    ASSERT_EQ(live.size(), 2u);
    for (const auto& record : batch.creates)
        EXPECT_TRUE(std::any_of(live.begin(), live.end(), [&](const auto& one) {
            return is_up_to_date(one, record);
        })) << record.name;
}

TEST_F(CloudflareEmulated, TurnsAnAddressIntoACnameInOneTransaction) {
    auto zone = must(cloudflare->find_zone("seance.dev"));
    Batch first, second;
    first.creates = {wanted(RecordType::A, "seance.dev", "192.0.2.1")};
    must(cloudflare->apply(zone.id, first));
    second.creates = {wanted(RecordType::Cname, "seance.dev", "abc.up.railway.app")};

    auto refused = get(cloudflare->apply(zone.id, second));
    EXPECT_EQ(refused.error().kind, FailureKind::User) << refused.error().what;
    second.deletes = {must(cloudflare->records_named(zone.id, "seance.dev")).at(0).id};
    must(cloudflare->apply(zone.id, second));

    auto live = must(cloudflare->records_named(zone.id, "seance.dev"));
    ASSERT_EQ(live.size(), 1u);
    EXPECT_EQ(live[0].type, RecordType::Cname);
}

TEST_F(CloudflareEmulated, UpdatesARecordAndRemovesIt) {
    auto zone = must(cloudflare->find_zone("seance.dev"));
    Batch create, update, remove;
    create.creates = {wanted(RecordType::Cname, "a.seance.dev", "old.up.railway.app")};
    must(cloudflare->apply(zone.id, create));
    update.updates = {wanted(RecordType::Cname, "a.seance.dev", "new.up.railway.app")};
    update.updates[0].id = must(cloudflare->records_named(zone.id, "a.seance.dev")).at(0).id;

    must(cloudflare->apply(zone.id, update));

    EXPECT_EQ(must(cloudflare->records_named(zone.id, "a.seance.dev")).at(0).content, "new.up.railway.app");
    EXPECT_EQ(must(cloudflare->records_named(zone.id, "a.seance.dev")).at(0).proxied, true);
    remove.deletes = {update.updates[0].id};
    must(cloudflare->apply(zone.id, remove));
    EXPECT_TRUE(must(cloudflare->records_named(zone.id, "a.seance.dev")).empty());
    EXPECT_FALSE(get(cloudflare->apply(zone.id, remove)));
}

TEST_F(CloudflareEmulated, CannotTellWhatBecameOfALostBatchButCanLook) {
    auto zone = must(cloudflare->find_zone("seance.dev"));
    emulator->control(R"({"next":[{"match":"POST */dns_records/batch","do":"lose"}]})");
    Batch batch;
    batch.creates = {wanted(RecordType::Txt, "lost.seance.dev", "x")};

    auto reply = get(cloudflare->apply(zone.id, batch));

    EXPECT_EQ(reply.error().kind, FailureKind::Unreachable);
    EXPECT_EQ(must(cloudflare->records_named(zone.id, "lost.seance.dev")).size(), 1u);
}

TEST_F(CloudflareEmulated, ReadsThroughLimitsAndFaults) {
    emulator->control(R"({"next":[{"match":"*","do":"rate-limit","after":1},{"match":"*","do":"drop"},
        {"match":"*","do":"fail","status":503}]})");

    EXPECT_TRUE(must(cloudflare->verify_token()).active());
}

TEST_F(CloudflareEmulated, ReadsManyRecordsInPages) {
    auto zone = must(cloudflare->find_zone("seance.dev"));
    Batch batch;
    for (int i = 0; i < 250; ++i)
        batch.creates.push_back(wanted(RecordType::Txt, "r" + std::to_string(i) + ".seance.dev", "x"));

    must(cloudflare->apply(zone.id, batch));

    EXPECT_EQ(must(cloudflare->records_with_comment(zone.id, "seance:production:")).size(), 250u);
}

TEST_F(CloudflareEmulated, SetsTheSslMode) {
    auto zone = must(cloudflare->find_zone("seance.dev"));

    must(cloudflare->set_ssl_mode(zone.id, SslMode::Flexible));
    EXPECT_EQ(must(cloudflare->ssl_setting(zone.id)).mode, SslMode::Flexible);
    must(cloudflare->set_ssl_mode(zone.id, SslMode::Full));
    EXPECT_EQ(must(cloudflare->ssl_setting(zone.id)).mode, SslMode::Full);
}

TEST_F(CloudflareEmulated, FindsNoZoneForAStrangersName) {
    EXPECT_EQ(get(cloudflare->find_zone("example.com")).error().kind, FailureKind::NotFound);
}

}  // namespace seance::dns
