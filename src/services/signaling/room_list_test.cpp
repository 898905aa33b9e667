#include "services/signaling/room_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/signaling/replicas/note.hpp"

namespace seance::signaling {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

RoomLine topic(std::size_t members, std::size_t elsewhere) {
    RoomLine line;
    line.members = members;
    line.elsewhere = elsewhere;
    return line;
}

RoomLine document(std::size_t members, std::size_t bytes) {
    RoomLine line;
    line.members = members;
    line.bytes = bytes;
    line.kind = RoomLine::Kind::Sync;
    return line;
}

}  // namespace

TEST(RoomList, ShowsTheLargestFirstAndHowManyThereAre) {
    RoomList list(2);
    list.add("a", topic(1, 0));
    list.add("b", topic(2, 3));
    list.add("c", topic(4, 0));

    EXPECT_EQ(list.print(), R"({"total":3,"rooms":[{"room":")" + hashed_topic("b") +
                                R"(","kind":"signaling","members":2,"elsewhere":3},{"room":")" +
                                hashed_topic("c") + R"(","kind":"signaling","members":4,"elsewhere":0}]})");
    EXPECT_EQ(RoomList(10).print(), R"({"total":0,"rooms":[]})");
}

TEST(RoomList, TellsDocumentsFromTopicsOfTheSameName) {
    RoomList list(2);
    list.add("a", document(2, 512));
    list.add("a", topic(2, 0));

    auto hash = hashed_topic("a");
    EXPECT_EQ(list.print(), R"({"total":2,"rooms":[{"room":")" + hash +
                                R"(","kind":"signaling","members":2,"elsewhere":0},{"room":")" + hash +
                                R"(","kind":"sync","members":2,"bytes":512}]})");
}

TEST(RoomList, PutsTogetherWhatSeveralLoopsHave) {
    RoomList one(2), other(2);
    for (std::size_t members : {1, 5, 3}) one.add("one " + std::to_string(members), topic(members, 0));
    for (std::size_t members : {4, 2}) other.add("other " + std::to_string(members), topic(members, 0));

    one.add(std::move(other));

    EXPECT_THAT(one.print(), StartsWith(R"({"total":5,"rooms":[{"room":")" + hashed_topic("one 5")));
    EXPECT_THAT(one.print(), HasSubstr(R"("members":4,"elsewhere":0}]})"));
}

TEST(RoomList, MayShowNone) {
    RoomList list(0);
    list.add("a", topic(1, 0));

    EXPECT_EQ(list.print(), R"({"total":1,"rooms":[]})");
}

}  // namespace seance::signaling
