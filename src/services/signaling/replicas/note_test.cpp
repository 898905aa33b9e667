#include "services/signaling/replicas/note.hpp"

#include <gtest/gtest.h>

namespace seance::signaling {
using Kind = ReplicaNote::Kind;

TEST(ReplicaNote, ComesBackAsItWasPrinted) {
    const auto node = node_of(0xabcdef, 3);
    for (auto kind : {Kind::Publish, Kind::Hello, Kind::Members, Kind::Beat, Kind::Recount, Kind::Listens,
                      Kind::Answer, Kind::Bundle}) {
        ReplicaNote note;
        note.kind = kind;
        note.sender = node;
        if (kind == Kind::Publish || kind == Kind::Bundle) note.text = R"({"type":"publish"})";
        if (kind == Kind::Hello || kind == Kind::Members || kind == Kind::Answer)
            note.members = 4'000'000'000;
        if (kind == Kind::Recount || kind == Kind::Answer) note.target = node_of(7, 0);

        auto bytes = print_note(note);
        auto again = parse_note(bytes);

        ASSERT_TRUE(again) << bytes;
        EXPECT_EQ(again->kind, note.kind);
        EXPECT_EQ(again->sender, note.sender);
        EXPECT_EQ(again->members, note.members);
        EXPECT_EQ(again->target, note.target);
        EXPECT_EQ(again->text, note.text);
    }
}

TEST(ReplicaNote, IsNothingElse) {
    for (auto bytes : {"", "M", "M123", "X0000000000000001", "B000000000000000g", "B0000000000000001x",
                       "C0000000000000001", "C0000000000000001-1", "C00000000000000014294967296",
                       "R000000000000000112", "A00000000000000011", "A00000000000000010000000000000002",
                       "L0000000000000001x", "{\"type\":\"publish\"}"})
        EXPECT_FALSE(parse_note(bytes)) << bytes;
}

TEST(ReplicaNote, TellsLoopsOfOneProcessApart) {
    EXPECT_NE(node_of(5, 0), node_of(5, 1));
    EXPECT_TRUE(same_process(node_of(5, 0), node_of(5, 1)));
    EXPECT_FALSE(same_process(node_of(5, 0), node_of(6, 0)));
}

TEST(HashedTopic, HasABoundedLengthAndShowsNothing) {
    EXPECT_EQ(hashed_topic("").size(), 32u);
    EXPECT_EQ(hashed_topic(std::string(5000, 'x')).size(), 32u);
    EXPECT_NE(hashed_topic("a"), hashed_topic("b"));
}

}  // namespace seance::signaling
