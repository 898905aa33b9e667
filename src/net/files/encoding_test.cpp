#include "net/files/encoding.hpp"

#include <gtest/gtest.h>

#include <set>

#include "net/files/quality.hpp"

namespace seance::files {
namespace {

Coding choose(std::string_view accept, const std::set<Coding>& available) {
    AcceptedCodings accepted;
    accepted.add(accept);
    return accepted.choose([&](Coding coding) { return available.contains(coding); });
}

const std::set<Coding> kAll{Coding::Brotli, Coding::Zstd, Coding::Gzip};

}  // namespace

TEST(AcceptEncoding, ChoosesTheHighestQualityThenTheFixedOrder) {
    struct Row {
        std::string_view accept;
        Coding chosen;
    };
    for (auto [accept, chosen] : {Row{"", Coding::Identity},
                                  {"gzip, deflate, br, zstd", Coding::Brotli},
                                  {"zstd, gzip", Coding::Zstd},
                                  {"gzip", Coding::Gzip},
                                  {"x-gzip", Coding::Gzip},
                                  {"GZIP", Coding::Gzip},
                                  {"deflate", Coding::Identity},
                                  {"br;q=0.5, gzip;q=0.8", Coding::Gzip},
                                  {"br;q=0.8,gzip; q=0.8", Coding::Brotli},
                                  {"*", Coding::Brotli},
                                  {"gzip;q=0.5", Coding::Gzip},
                                  {"gzip;q=0.5, identity;q=0.9", Coding::Identity},
                                  {"gzip, identity", Coding::Gzip},
                                  {"br;q=0, *", Coding::Zstd},
                                  {"br;q=0, *;q=0.1", Coding::Zstd},
                                  {"gzip;q=1.000", Coding::Gzip},
                                  {",, gzip ,", Coding::Gzip}})
        EXPECT_EQ(choose(accept, kAll), chosen) << accept;
}

TEST(AcceptEncoding, NeverChoosesWhatIsExcludedOrMalformed) {
    for (auto accept : {"gzip;q=0", "*;q=0", "gzip;q=0.000, br;q=0", "identity;q=0", "gzip;q=2", "gzip;q=x",
                        "gzip;q=0.1234", "identity, *;q=0", "gzip;q=1.5", "gzip;q=", "gzip;q=.5"})
        EXPECT_EQ(choose(accept, kAll), Coding::Identity) << accept;
}

TEST(AcceptEncoding, FallsBackToWhatThereIs) {
    EXPECT_EQ(choose("br, gzip", {Coding::Gzip}), Coding::Gzip);
    EXPECT_EQ(choose("br, zstd", {Coding::Gzip}), Coding::Identity);
    EXPECT_EQ(choose("identity;q=0, br", {}), Coding::Identity);
}

TEST(AcceptEncoding, JoinsSeveralFields) {
    AcceptedCodings accepted;
    accepted.add("gzip;q=0.4");
    accepted.add("zstd;q=0.6");
    EXPECT_EQ(accepted.choose([](Coding) { return true; }), Coding::Zstd);
}

TEST(Quality, IsReadInThousandths) {
    EXPECT_EQ(parse_quality("q=0.85"), 850);
    EXPECT_EQ(parse_quality(" charset=x ; Q=0.001"), 1);
    EXPECT_EQ(parse_quality("level=1"), 1000);
    EXPECT_EQ(parse_quality("q=1.001"), 0);
}

}  // namespace seance::files
