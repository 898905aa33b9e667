#include "services/signaling/room.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seance::signaling {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Listener : Member {
    void deliver(Delivery& delivery) override { heard.push_back(delivery.frame_for(0)->text().substr(2)); }
    std::vector<std::string> heard;
};

struct RoomsTest : testing::Test {
    void publish(std::string_view topic, std::string_view text) {
        Delivery delivery(websocket::share_frame(websocket::Opcode::Text, text), 1);
        if (auto* room = rooms.find(topic)) room->deliver(delivery);
    }
    Rooms rooms;
    Listener ann, bob;
};

}  // namespace

TEST_F(RoomsTest, DeliverToTheSubscribersOfATopicAlone) {
    rooms.subscribe(ann, "a");
    rooms.subscribe(bob, "a");
    rooms.subscribe(bob, "b");

    publish("a", "1");
    publish("b", "2");
    publish("c", "3");

    EXPECT_THAT(ann.heard, ElementsAre("1"));
    EXPECT_THAT(bob.heard, ElementsAre("1", "2"));
}

TEST_F(RoomsTest, SubscribingTwiceDeliversOnce) {
    rooms.subscribe(ann, "a");
    rooms.subscribe(ann, "a");

    publish("a", "1");

    EXPECT_THAT(ann.heard, ElementsAre("1"));
    EXPECT_EQ(rooms.find("a")->size(), 1u);
}

TEST_F(RoomsTest, ARoomDisappearsWithItsLastSubscriber) {
    rooms.subscribe(ann, "a");
    rooms.subscribe(bob, "a");

    rooms.unsubscribe(ann, "a");
    EXPECT_EQ(rooms.find("a")->size(), 1u);
    rooms.unsubscribe(bob, "a");
    rooms.unsubscribe(bob, "never");

    EXPECT_EQ(rooms.find("a"), nullptr);
    EXPECT_EQ(rooms.size(), 0u);
}

TEST_F(RoomsTest, LeavingEndsAllSubscriptions) {
    rooms.subscribe(ann, "");
    rooms.subscribe(ann, "b");
    rooms.subscribe(bob, "b");

    rooms.leave(ann);
    publish("", "1");
    publish("b", "2");

    EXPECT_THAT(ann.heard, IsEmpty());
    EXPECT_THAT(bob.heard, ElementsAre("2"));
    EXPECT_EQ(ann.topics(), 0u);
    EXPECT_EQ(rooms.size(), 1u);
    rooms.leave(bob);
}

TEST_F(RoomsTest, CountTheMemoryOfTopicsAndMembersAndGiveItBack) {
    const std::string topic(1000, 'a');
    auto first = rooms.cost(topic);
    EXPECT_GT(first, topic.size());

    rooms.subscribe(ann, topic);
    EXPECT_EQ(rooms.bytes(), first);
    auto second = rooms.cost(topic);
    EXPECT_LT(second, 100u) << "the room is there";
    rooms.subscribe(bob, topic);
    rooms.subscribe(bob, topic);
    EXPECT_EQ(rooms.bytes(), first + second);

    rooms.unsubscribe(ann, topic);
    rooms.leave(bob);
    EXPECT_EQ(rooms.bytes(), 0u);
}

TEST_F(RoomsTest, TopicsAreKeptThoughTheTextTheyCameFromIsGone) {
    {
        std::string text = "a topic that is longer than a short string holds in place";
        rooms.subscribe(ann, text);
        text.assign(text.size(), 'x');
    }

    EXPECT_NE(rooms.find("a topic that is longer than a short string holds in place"), nullptr);
    rooms.leave(ann);
}

TEST_F(RoomsTest, TellTheirWatcherEveryChangeOfSize) {
    struct Sizes : Rooms::Watcher {
        void on_size(Room& room) override {
            heard.push_back(room.topic() + " " + std::to_string(room.size()));
        }
        std::vector<std::string> heard;
    } sizes;
    rooms.watch(&sizes);

    rooms.subscribe(ann, "a");
    rooms.subscribe(ann, "a");
    rooms.subscribe(bob, "a");
    rooms.unsubscribe(ann, "a");
    rooms.leave(bob);

    EXPECT_THAT(sizes.heard, ElementsAre("a 1", "a 2", "a 1", "a 0"));
}

}  // namespace seance::signaling
