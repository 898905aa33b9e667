#include "services/signaling/room_list.hpp"

#include <gtest/gtest.h>

namespace seance::signaling {

TEST(RoomList, ShowsTheLargestFirstAndHowManyThereAre) {
    EXPECT_EQ(print_rooms({{"aa", 1, 0}, {"bb", 2, 3}, {"cc", 4, 0}}, 2),
              R"({"total":3,"rooms":[{"room":"bb","kind":"signaling","members":2,"elsewhere":3},)"
              R"({"room":"cc","kind":"signaling","members":4,"elsewhere":0}]})");
    EXPECT_EQ(print_rooms({}, 10), R"({"total":0,"rooms":[]})");
}

TEST(RoomList, TellsDocumentsFromTopicsOfTheSameName) {
    RoomLine topic{.room = "aa", .members = 2}, document{.room = "aa", .members = 2, .bytes = 512};
    document.kind = RoomLine::Kind::Sync;

    EXPECT_EQ(print_rooms({document, topic}, 2),
              R"({"total":2,"rooms":[{"room":"aa","kind":"signaling","members":2,"elsewhere":0},)"
              R"({"room":"aa","kind":"sync","members":2,"bytes":512}]})");
}

}  // namespace seance::signaling
