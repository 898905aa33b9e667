#include "services/signaling/room_list.hpp"

#include <gtest/gtest.h>

namespace seance::signaling {

TEST(RoomList, ShowsTheLargestFirstAndHowManyThereAre) {
    EXPECT_EQ(print_rooms({{"aa", 1, 0}, {"bb", 2, 3}, {"cc", 4, 0}}, 2),
              R"({"total":3,"rooms":[{"room":"bb","members":2,"elsewhere":3},)"
              R"({"room":"cc","members":4,"elsewhere":0}]})");
    EXPECT_EQ(print_rooms({}, 10), R"({"total":0,"rooms":[]})");
}

}  // namespace seance::signaling
