#include "platform/plan/wanted_records.hpp"

#include <gtest/gtest.h>

namespace seance::plan {
namespace {

struct Shop {
    Shop() {
        wanted.environment = "production";
        WantedService api;
        api.name = "api";
        api.domains.push_back({"api.shop.dev", 8000});
        wanted.services.push_back(api);
        LiveService now;
        now.name = "api";
        LiveDomain domain;
        domain.host = "api.shop.dev";
        domain.cname_target = "a1b2.up.railway.app";
        domain.txt_name = "_railway-verify.api.shop.dev";
        domain.txt_value = "railway-verify=1234";
        now.domains.push_back(domain);
        live.services.push_back(now);
    }
    LiveDomain& domain() { return live.services[0].domains[0]; }

    Wanted wanted;
    Live live;
};

TEST(RecordsByHand, AreBothOfANameInLinesToBeCopied) {
    const Shop shop;

    EXPECT_EQ(print_records(records_by_hand(shop.wanted, shop.live)),
              "    CNAME  api.shop.dev                  a1b2.up.railway.app\n"
              "    TXT    _railway-verify.api.shop.dev  railway-verify=1234");
}

TEST(RecordsByHand, AreNoneOnceTheNameIsVerified) {
    Shop shop;
    shop.domain().verified = true;

    EXPECT_TRUE(records_by_hand(shop.wanted, shop.live).empty());
}

TEST(RecordsByHand, AreNoneOfANameThatNobodyDeclaresOrOfAnotherService) {
    Shop shop;

    EXPECT_TRUE(records_by_hand(shop.wanted, shop.live, "web").empty());

    shop.domain().host = "old.shop.dev";

    EXPECT_TRUE(records_by_hand(shop.wanted, shop.live).empty());
}

}  // namespace
}  // namespace seance::plan
