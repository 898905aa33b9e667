#include "services/litellm/alerts.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

struct AlertsFixture {
    Config told_to(const char* url) {
        Config config;
        config.alerts[std::string(kBudgetAlerts)].emplace_back(url);
        return config;
    }
    void tell(const Config& config, std::string_view subject) {
        alerts->tell(config, kBudgetAlerts, subject, [this] { return std::to_string(++worded); });
    }

    Loop loop;
    UpstreamClients clients{loop};
    std::shared_ptr<Alerts> alerts = std::make_shared<Alerts>(loop, clients);
    int worded = 0;
};

}  // namespace

TEST(Alerts, ArePutIntoWordsOnlyWhenTheyAreSent) {
    AlertsFixture fixture;
    auto config = fixture.told_to("http://127.0.0.1:1/");

    fixture.tell(Config{}, "put-into-words");
    EXPECT_EQ(fixture.worded, 0) << "nobody is to be told";
    for (int i = 0; i < 3; ++i) fixture.tell(config, "put-into-words");
    EXPECT_EQ(fixture.worded, 1) << "once an hour";
    fixture.tell(config, "another");
    EXPECT_EQ(fixture.worded, 2);
}

}  // namespace seance::litellm
