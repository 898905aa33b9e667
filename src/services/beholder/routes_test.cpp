#include "services/beholder/routes.hpp"

#include <gtest/gtest.h>

namespace seance::beholder {

TEST(DestinationOf, SendsScriptsAndRemoteConfigToTheAssetsHost) {
    for (auto path :
         {"/static/array.js", "/static/1.2.3/recorder.js", "/array/phc_x/config", "/array/phc_x/config.js"})
        EXPECT_TRUE(destination_of(path).assets) << path;
    for (auto path : {"/", "/static", "/array", "/statics/x", "/e/static/", "/flags/", "/x/array/y"})
        EXPECT_FALSE(destination_of(path).assets) << path;
}

TEST(DestinationOf, PassesAuthorizationOnlyBelowItsApi) {
    EXPECT_TRUE(destination_of("/i/v1/logs").passes_authorization);
    for (auto path : {"/i/v0/e/", "/i/v1", "/e/", "/static/i/v1/x"})
        EXPECT_FALSE(destination_of(path).passes_authorization) << path;
}

TEST(DestinationOf, KnowsCapturesWithAndWithoutTheFinalSlash) {
    for (auto path :
         {"/e", "/e/", "/i/v0/e/", "/batch/", "/capture", "/track/", "/engage/", "/i/v1/analytics/events"}) {
        EXPECT_TRUE(destination_of(path).capture) << path;
        EXPECT_TRUE(destination_of(path).repeatable) << path;
    }
    for (auto path : {"/s/", "/s", "/i/v1/logs"}) {
        EXPECT_TRUE(destination_of(path).capture) << path;
        EXPECT_FALSE(destination_of(path).repeatable) << path;
    }
    for (auto path : {"/flags/", "/decide/", "/ee", "/e//", "/api/surveys/"})
        EXPECT_FALSE(destination_of(path).capture) << path;
}

}  // namespace seance::beholder
