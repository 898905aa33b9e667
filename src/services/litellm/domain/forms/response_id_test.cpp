#include "services/litellm/domain/forms/response_id.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {

TEST(ResponseId, NamesItsOriginForTheKeyThatMadeIt) {
    auto sealed = seal_response_id({"deployment/1", "resp_up"}, "alice", "secret");

    auto opened = open_response_id(sealed, "alice", "secret");

    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->deployment, "deployment/1");
    EXPECT_EQ(opened->id, "resp_up");
    EXPECT_EQ(sealed.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
              std::string::npos);
}

TEST(ResponseId, IsNothingToAnotherKeyOrGatewayAndCannotBeMade) {
    auto sealed = seal_response_id({"one", "resp_up"}, "alice", "secret");

    EXPECT_FALSE(open_response_id(sealed, "bob", "secret"));
    EXPECT_FALSE(open_response_id(sealed, "alice", "other"));
    EXPECT_FALSE(open_response_id(seal_response_id({"one", "resp_up"}, "alice", ""), "alice", "secret"));
    for (auto id : {"", "resp_", "resp_up", "resp_!", "resp_YQ", "resp_YQphCmE", "msg_1"})
        EXPECT_FALSE(open_response_id(id, "alice", "secret")) << id;
}

}  // namespace seance::litellm
