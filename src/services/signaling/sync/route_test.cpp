#include "services/signaling/sync/route.hpp"

#include <gtest/gtest.h>

namespace seance::signaling::sync {

TEST(RoomOfPath, IsWhatFollowsSyncDecoded) {
    EXPECT_EQ(room_of_path("/sync/my-room", 100).value(), "my-room");
    EXPECT_EQ(room_of_path("/sync/two%20w%C3%B6rds", 100).value(), "two wörds");
    EXPECT_EQ(room_of_path("/sync/team/notes", 100).value(), "team/notes");
}

TEST(RoomOfPath, RefusesNamesThatAreNoneOrTooLong) {
    for (auto path : {"/sync/", "/sync/%", "/sync/%zz", "/sync/%ff", "/sync/longer"})
        EXPECT_FALSE(room_of_path(path, 5)) << path;
    EXPECT_TRUE(room_of_path("/sync/%C3%B6four", 6));
}

TEST(MaskedPath, HasTheHashThatRoomsAreListedUnder) {
    EXPECT_EQ(masked_path("/sync/room1", 100), "/sync/b5edc2f9b9fb4418bd7bdf0a9f583ef2");
    EXPECT_EQ(masked_path("/sync/ro%6fm1", 100), "/sync/b5edc2f9b9fb4418bd7bdf0a9f583ef2");
    EXPECT_EQ(masked_path("/sync/", 100), "/sync/");
    for (auto path : {"/sync/too-long", "/sync/%zz"})
        EXPECT_EQ(masked_path(path, 5).size(), 6u + 32u) << path;
}

TEST(IsSyncPath, LeavesEveryOtherPathToSignaling) {
    EXPECT_TRUE(is_sync_path("/sync/a"));
    for (auto path : {"/", "/sync", "/synchronous", "/a/sync/b"}) EXPECT_FALSE(is_sync_path(path)) << path;
}

}  // namespace seance::signaling::sync
