#include "services/signaling/sync/doors.hpp"

#include <gtest/gtest.h>

namespace seance::signaling::sync {

TEST(Doors, SpreadRoomsOverAllLoopsAndLeaveEachWhereItIs) {
    Doors doors(4);
    std::vector<int> rooms(4);

    for (int i = 0; i < 1'000; ++i) {
        auto name = "room-" + std::to_string(i);
        ++rooms.at(doors.loop_of(name));
        EXPECT_EQ(doors.loop_of(name), doors.loop_of(std::string(name)));
    }

    for (int those : rooms) EXPECT_GT(those, 150);
}

TEST(Doors, CloseTheSocketOfWhomNobodyTakes) {
    Doors doors(1);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    Arrival arrival;
    arrival.room = "room";
    arrival.socket.fd = ends[1];

    doors.hand_over(std::move(arrival));

    char byte;
    EXPECT_EQ(::read(ends[0], &byte, 1), 0);
    ::close(ends[0]);
}

TEST(Doors, TellAVisitorThatThereIsNoHall) {
    Doors doors(2);
    int visits = 0;

    for (unsigned loop = 0; loop < doors.loops(); ++loop)
        doors.visit(loop, [&](Hall* hall) { visits += hall == nullptr ? 1 : 100; });

    EXPECT_EQ(visits, 2);
}

}  // namespace seance::signaling::sync
