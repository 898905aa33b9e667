#include "services/signaling/replicas/topic.hpp"

#include <gtest/gtest.h>

namespace seance::signaling {
using namespace std::chrono_literals;
using State = SharedTopic::State;

TEST(SharedTopic, IsReadyOnceAllWhomItsGreetingReachedHaveAnswered) {
    SharedTopic topic;
    EXPECT_EQ(topic.state, State::Asked);
    EXPECT_FALSE(topic.answered_by(7)) << "the channel is not ours yet";
    topic.greet(Instant{1h});

    EXPECT_FALSE(topic.answered_by(1));
    EXPECT_FALSE(topic.greeting_reached(2));
    EXPECT_FALSE(topic.answered_by(1)) << "the same again";
    EXPECT_TRUE(topic.answered_by(2));

    EXPECT_EQ(topic.state, State::Ready);
    EXPECT_FALSE(topic.answered_by(3)) << "it was ready";
}

TEST(SharedTopic, IsReadyAtOnceWhereNobodyElseListens) {
    SharedTopic topic;
    topic.greet(Instant{1h});

    EXPECT_TRUE(topic.greeting_reached(0));
}

TEST(SharedTopic, WaitsOnlySoLongForAnswers) {
    SharedTopic topic;
    topic.greet(Instant{1h});
    topic.greeting_reached(1);

    EXPECT_FALSE(topic.give_up_greeting(Instant{1h} + 249ms, 250ms));
    EXPECT_TRUE(topic.give_up_greeting(Instant{1h} + 250ms, 250ms));
    EXPECT_FALSE(topic.give_up_greeting(Instant{1h} + 300ms, 250ms));
    EXPECT_TRUE(topic.misses_answers());
    EXPECT_FALSE(topic.answered_by(1)) << "it was ready";
    EXPECT_FALSE(topic.misses_answers());
}

TEST(SharedTopic, KnowsWhetherOthersMayCountItsMembers) {
    SharedTopic topic;
    topic.greet(Instant{1h});
    topic.greeting_reached(0);
    EXPECT_FALSE(topic.listened);
    topic.answered_by(1);  // or it has greeted
    EXPECT_TRUE(topic.listened);

    SharedTopic slow, unknown;
    slow.greet(Instant{1h});
    slow.greeting_reached(1);
    slow.give_up_greeting(Instant{2h}, 250ms);
    EXPECT_TRUE(slow.listened);
    unknown.greet(Instant{1h});
    unknown.greeting_reached(-2);
    EXPECT_TRUE(unknown.listened);
}

TEST(SharedTopic, GreetsAnewAfterALoss) {
    SharedTopic topic;
    topic.greet(Instant{1h});
    topic.answered_by(1);
    topic.state = State::Asked;

    topic.greet(Instant{2h});

    EXPECT_FALSE(topic.greeting_reached(1)) << "what was answered before is forgotten";
    EXPECT_TRUE(topic.answered_by(1));
}

}  // namespace seance::signaling
