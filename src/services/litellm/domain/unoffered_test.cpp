#include "services/litellm/domain/unoffered.hpp"

#include <gmock/gmock.h>

namespace seance::litellm {

TEST(Unoffered, NamesTheRouteAndTheWayAroundIt) {
    EXPECT_THAT(why_unoffered("/v1/files/file-1/content").value_or(""),
                testing::AllOf(testing::HasSubstr("does not offer /v1/files"),
                               testing::HasSubstr("/openai/v1/files/file-1/content")));
    EXPECT_THAT(why_unoffered("/batches").value_or(""), testing::HasSubstr("/openai/v1/batches"));
    EXPECT_TRUE(why_unoffered("/v1/realtime"));
    for (auto path : {"/model/new", "/model/delete", "/config/update"})
        EXPECT_THAT(why_unoffered(path).value_or(""), testing::HasSubstr("config.yaml"));
    EXPECT_TRUE(why_unoffered("/utils/transform_request"));
    for (auto path : {"/v1beta/models/gemini:generateContent", "/models/a/b:streamGenerateContent"})
        EXPECT_THAT(why_unoffered(path).value_or(""), testing::HasSubstr("/gemini/v1beta/models"));
    for (auto path : {"/v1/filesystem", "/v1", "/", "/v1/models", "/models/a:b", "/nothing"})
        EXPECT_FALSE(why_unoffered(path)) << path;
}

}  // namespace seance::litellm
