#include "platform/secrets/drift.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/base/hash.hpp"

namespace seance::secrets {

namespace {

const FingerprintKey kKey(SecretText(std::string(32, 'k')));

}  // namespace

TEST(Fingerprint, IsTwelveHexDigitsThatStayTheSame) {
    const auto print = kKey.of("backend", "STRIPE_SECRET_KEY", SecretText("sk_1"));

    EXPECT_TRUE(is_hex(print, 12)) << print;
    EXPECT_EQ(print, kKey.of("backend", "STRIPE_SECRET_KEY", SecretText("sk_1")));
    // Kept where the value is: another version of this program must find the same.
    EXPECT_EQ(print, "11a8a3aca2d2");
}

TEST(Fingerprint, DiffersByServiceNameValueAndKey) {
    const FingerprintKey other(SecretText(std::string(32, 'o')));
    const SecretText value("sk_1");
    const std::set<std::string> prints{
        kKey.of("backend", "A", value),  kKey.of("litellm", "A", value),
        kKey.of("backend", "B", value),  kKey.of("backend", "A", SecretText("sk_2")),
        other.of("backend", "A", value),
    };
    EXPECT_EQ(prints.size(), 5u);
}

TEST(Fingerprint, DoesNotMixUpWhereOnePartEndsAndTheNextBegins) {
    EXPECT_NE(kKey.of("ab", "c", SecretText("d")), kKey.of("a", "bc", SecretText("d")));
    EXPECT_NE(kKey.of("a", "b", SecretText("cd")), kKey.of("a", "bc", SecretText("d")));
}

TEST(Fingerprint, WantsAKeyOf32Bytes) {
    EXPECT_THROW(FingerprintKey(SecretText("short")), std::invalid_argument);
    EXPECT_THROW(FingerprintKey(SecretText(std::string(33, 'x'))), std::invalid_argument);
}

TEST(Drift, ShowsEachNameOfEitherSideOnceByServiceAndName) {
    std::map<std::string, Variables> wanted, live;
    wanted["backend"]["SAME"] = live["backend"]["SAME"] = SecretText("1");
    wanted["backend"]["CHANGED"] = SecretText("new");
    live["backend"]["CHANGED"] = SecretText("old");
    wanted["litellm"]["MISSING"] = SecretText("x");
    live["signaling"]["EXTRA"] = SecretText("x");

    const auto rows = drift(wanted, live, kKey);

    std::string table;
    for (const auto& row : rows)
        table += row.service + " " + row.name + " " + std::string(name_of(row.state)) + "\n";
    EXPECT_EQ(table,
              "backend CHANGED changed\n"
              "backend SAME same\n"
              "litellm MISSING missing\n"
              "signaling EXTRA extra\n");
    EXPECT_EQ(rows[0].wanted, kKey.of("backend", "CHANGED", SecretText("new")));
    EXPECT_EQ(rows[0].live, kKey.of("backend", "CHANGED", SecretText("old")));
    EXPECT_EQ(rows[2].live, "");
    EXPECT_EQ(rows[3].wanted, "");
}

TEST(Drift, DoesNotGuessAboutAVariableThatCannotBeRead) {
    const Fingerprints wanted{{"backend", {{"SEALED", "0123456789ab"}}}}, live{{"backend", {{"SEALED", ""}}}};

    const auto rows = drift(wanted, live);

    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(name_of(rows[0].state), "unknown");
}

TEST(Drift, IsEmptyWithoutSecrets) {
    EXPECT_TRUE(drift(Fingerprints(), Fingerprints()).empty());
}

}  // namespace seance::secrets
