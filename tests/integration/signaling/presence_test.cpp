// Who is counted over replicas. Against a model: clients join, leave, publish, come and go at random, while a
// replica or Valkey dies or Valkey freezes. Once that is over every count is right, and a publish reaches
// each member once. PRESENCE_SEED repeats a failure, PRESENCE_ROUNDS makes more of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "tests/integration/signaling/replica.hpp"
#include "tests/support/redis_server.hpp"

namespace seance::signaling {
namespace {

using namespace testing_support;

constexpr std::size_t kMostClients = 14, kSteps = 60;
const std::array<std::string, 8> kTopics{"a", "b", "c", "d", "e", "f", "g", "h"};

unsigned number_of(const char* name, unsigned otherwise) {
    const char* text = std::getenv(name);
    return text ? static_cast<unsigned>(std::stoul(text)) : otherwise;
}

struct Client {
    std::size_t replica;
    std::unique_ptr<Peer> peer;
    std::set<std::string> topics;
};

class World {
  public:
    enum Accident { Nothing, ReplicaDies, ValkeyDies, ValkeyFreezes };

    World(unsigned seed, std::size_t replicas) : random_(seed), replicas_(replicas) {
        for (std::size_t i = 0; i < replicas; ++i) start(i);
    }

    void live_through(Accident accident) {
        for (std::size_t step = 0; step < kSteps; ++step) {
            if (step == kSteps / 3) begin(accident);
            happen();
        }
        end(accident);
    }

    void expect_right_counts() {
        for (const auto& topic : kTopics) {
            auto members = members_of(topic);
            std::set<std::size_t> asked;
            for (auto* member : members)
                if (asked.insert(member->replica).second) {
                    ASSERT_TRUE(comes_to_count(*member->peer, topic, members.size()))
                        << members.size() << " in " << topic << ", asked on replica " << member->replica
                        << describe(topic, *member);
                }
        }
    }

    void expect_each_publish_once() {
        for (const auto& topic : kTopics) {
            auto members = members_of(topic);
            if (members.empty()) continue;
            auto tag = "tag " + std::to_string(++tags_);
            auto expected = relayed(topic, tag, members.size());
            members[pick(members.size())]->peer->publishes(topic, tag);
            for (auto* member : members)
                ASSERT_TRUE(member->peer->receives_until(expected).ends_with(expected)) << topic;
            for (auto& client : clients_)
                ASSERT_EQ(client.peer->hears().find(tag), std::string::npos) << "twice, or to a stranger";
        }
    }

  private:
    std::size_t pick(std::size_t below) {
        return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
    }
    void start(std::size_t i) {
        const Program::Settings settings{{"REPLICA_LEASE", "600ms"}, {"THREADS", i == 0 ? "2" : "1"}};
        replicas_[i] = std::make_unique<Replica>(valkey_.port(), settings);
    }
    std::vector<Client*> members_of(const std::string& topic) {
        std::vector<Client*> members;
        for (auto& client : clients_)
            if (client.topics.contains(topic)) members.push_back(&client);
        return members;
    }

    std::string describe(const std::string& topic, Client& member) {
        std::string out = "; members on";
        for (auto* other : members_of(topic)) out += " " + std::to_string(other->replica);
        member.peer->publishes(topic, "last");
        return out + "; heard " + member.peer->hears();
    }
    void happen() {
        auto what = pick(10);
        if (clients_.empty() || (what == 0 && clients_.size() < kMostClients)) return come();
        auto at = pick(clients_.size());
        auto& client = clients_[at];
        const auto& topic = kTopics[pick(kTopics.size())];
        if (what == 1) {
            clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(at));
        } else if (what <= 5) {
            const auto& other = kTopics[pick(kTopics.size())];
            client.peer->says(R"({"type":"subscribe","topics":[")" + topic + "\",\"" + other + "\"]}");
            client.topics.insert({topic, other});
        } else if (what <= 7) {
            client.peer->says(R"({"type":"unsubscribe","topics":[")" + topic + "\"]}");
            client.topics.erase(topic);
        } else {
            client.peer->publishes(topic, "x");
        }
    }
    void come() {
        auto replica = pick(replicas_.size());
        clients_.push_back({replica, std::make_unique<Peer>(replicas_[replica]->port()), {}});
    }

    void begin(Accident accident) {
        if (accident == ValkeyDies) valkey_.kill();
        if (accident == ValkeyFreezes) valkey_.freeze();
        if (accident != ReplicaDies) return;
        auto replica = pick(replicas_.size());
        replicas_[replica]->kill();
        std::erase_if(clients_, [&](const auto& client) { return client.replica == replica; });
        start(replica);
    }
    // Not before every replica has missed Valkey.
    void end(Accident accident) {
        if (accident != ValkeyDies && accident != ValkeyFreezes) return;
        for (auto& replica : replicas_) EXPECT_TRUE(valkey_is(*replica, false));
        if (accident == ValkeyDies) valkey_.start();
        if (accident == ValkeyFreezes) valkey_.thaw();
        for (auto& replica : replicas_) EXPECT_TRUE(valkey_is(*replica, true));
    }

    std::mt19937 random_;
    RedisServer valkey_;
    std::vector<std::unique_ptr<Replica>> replicas_;
    std::vector<Client> clients_;
    unsigned tags_ = 0;
};

void leaves(Peer& peer) {
    peer.sends(masked(Opcode::Close, ""));
    peer.receives_all();
}

void expect_the_model_after(std::size_t replicas, const std::vector<World::Accident>& accidents) {
    auto seed = number_of("PRESENCE_SEED", std::random_device{}());
    World world(seed, replicas);
    for (unsigned round = 0; round < number_of("PRESENCE_ROUNDS", static_cast<unsigned>(accidents.size()));
         ++round) {
        auto accident = accidents[round % accidents.size()];
        SCOPED_TRACE("PRESENCE_SEED=" + std::to_string(seed) + " round " + std::to_string(round) +
                     " accident " + std::to_string(accident));
        world.live_through(accident);
        world.expect_right_counts();
        if (testing::Test::HasFatalFailure()) return;
        world.expect_each_publish_once();
        if (testing::Test::HasFatalFailure()) return;
    }
}

}  // namespace

TEST(SignalingPresence, IsThatOfTheModelAfterReplicasAndValkeyHaveDied) {
    expect_the_model_after(
        3, {World::Nothing, World::ReplicaDies, World::ValkeyDies, World::ReplicaDies, World::ValkeyFreezes});
}

TEST(SignalingPresence, KnowsWhoLeftWhileAnotherReplicaWasSlowToAnswer) {
    RedisServer valkey;
    Replica left(valkey.port()), right(valkey.port());
    Peer amy(left.port()), ann(left.port()), bob(right.port());
    bob.joins("both");
    bob.joins("ann");
    right.signal(SIGSTOP);
    ann.joins("both");  // each after a quarter of a second without an answer
    ann.joins("ann");
    amy.joins("both");
    leaves(ann);

    right.signal(SIGCONT);

    EXPECT_TRUE(comes_to_count(bob, "both", 2));
    EXPECT_TRUE(comes_to_count(bob, "ann", 1));
}

TEST(SignalingPresence, KnowsWhoLeftWhileAReplicaSlept) {
    RedisServer valkey;
    const Program::Settings quick{{"REPLICA_LEASE", "600ms"}};
    Replica left(valkey.port(), quick), right(valkey.port(), quick);
    Peer amy(left.port()), ann(left.port()), bob(right.port());
    for (auto topic : {"both", "ann"}) {
        bob.joins(topic);
        ann.joins(topic);
    }
    amy.joins("both");
    right.signal(SIGSTOP);
    left.log_until("\"replica_lost\"");
    leaves(ann);

    right.signal(SIGCONT);

    EXPECT_TRUE(comes_to_count(bob, "both", 2));
    EXPECT_TRUE(comes_to_count(bob, "ann", 1));
}

TEST(SignalingPresence, KnowsWhoLeftWhileTheirReplicaHadNoConnection) {
    RedisServer valkey;
    Replica left(valkey.port()), right(valkey.port());
    Peer ann(left.port()), bob(right.port());
    ann.joins("r");
    bob.joins("r");
    RawClient admin(valkey.port());
    admin.sends("CLIENT LIST TYPE pubsub\r\n");
    admin.receives_until("\r\n");
    auto list = admin.receives_until("\r\n");
    auto last = list.rfind("id=", list.rfind(" addr="));  // the right one's, which came last
    admin.sends("CLIENT KILL ID " + list.substr(last + 3, list.find(' ', last) - last - 3) + "\r\n");
    ASSERT_EQ(admin.receives_until("\r\n"), ":1\r\n");
    valkey.freeze();
    EXPECT_TRUE(valkey_is(right, false));
    leaves(bob);

    valkey.thaw();

    EXPECT_TRUE(valkey_is(right, true));
    EXPECT_TRUE(comes_to_count(ann, "r", 1));
}

}  // namespace seance::signaling
