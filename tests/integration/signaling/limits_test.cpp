// Every limit at its edge, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "core/base/room_token.hpp"
#include "net/websocket/deflate.hpp"
#include "net/websocket/shared_frame.hpp"
#include "tests/integration/signaling/peer.hpp"
#include "tests/integration/signaling/program.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::signaling {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace testing_support;

using Settings = Program::Settings;
const std::string kSecret = "a key of thirty-two characters ..";

std::string token(std::string topic, bool write, std::int64_t lifetime = 600) {
    RoomToken token;
    token.topics = {std::move(topic)};
    token.write = write;
    token.expires = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) + lifetime;
    return sign_room_token(token, SecretText(kSecret));
}

std::string subscribe(int topics) {
    std::string text = R"({"type":"subscribe","topics":[)";
    for (int i = 0; i < topics; ++i) text += (i ? ",\"t" : "\"t") + std::to_string(i) + "\"";
    return text + "]}";
}

}  // namespace

TEST(SignalingLimits, LetASubscribeThroughUpToTheLastTopic) {
    Program program(Settings{{"MAX_TOPICS", "3"}, {"MAX_TOPIC_BYTES", "2"}});
    Peer ann(program.port());
    ann.says(subscribe(3));
    ann.says(subscribe(3));  // again: no more than before
    EXPECT_EQ(ann.hears(), "");

    ann.says(R"({"type":"subscribe","topics":["xx"]})");
    EXPECT_EQ(ann.receives_reason(), "too many topics on one connection");

    Peer bob(program.port());
    bob.says(R"({"type":"subscribe","topics":["xx"]})");
    EXPECT_EQ(bob.hears(), "");
    bob.says(R"({"type":"subscribe","topics":["xxx"]})");
    EXPECT_EQ(bob.receives_reason(), "the topic is too long");
}

TEST(SignalingLimits, LetAMessageThroughUpToItsLastByte) {
    Program program(Settings{{"MAX_MESSAGE_BYTES", "200"}});
    std::string text = R"({"type":"ping","pad":")";
    text += std::string(200 - text.size() - 2, 'x') + "\"}";
    Peer ann(program.port());
    ann.says(text);
    EXPECT_EQ(ann.receives(kPong.size()), kPong);

    ann.says(text + " ");

    EXPECT_EQ(ann.receives_close(), "1009");
}

TEST(SignalingLimits, CloseAConnectionThatSaysTooMuchPerSecond) {
    Program program(Settings{{"MAX_MESSAGES_PER_SECOND", "5"}});
    Peer ann(program.port());
    std::string many;
    for (int i = 0; i < 40; ++i) many += masked(Opcode::Text, R"({"type":"ping"})");
    ann.sends(many);

    auto all = ann.receives_until("too many messages per second");
    auto pongs = (all.size() - std::string("xxxxtoo many messages per second").size()) / kPong.size();
    EXPECT_GE(pongs, 10u) << "a burst of two seconds";
    EXPECT_LE(pongs, 12u);
    Peer bob(program.port());
    EXPECT_EQ(bob.hears(), "");
}

TEST(SignalingLimits, AreForEachAddressAsSeenByTrustedProxies) {
    Program program(Settings{{"MAX_CONNECTIONS_PER_IP", "2"}, {"TRUSTED_PEERS", "127.0.0.0/8"}});
    const http::Fields one{{"X-Forwarded-For", "203.0.113.1"}}, two{{"X-Forwarded-For", "203.0.113.2"}};
    auto first = std::make_unique<Peer>(program.port(), one);
    Peer second(program.port(), one), other(program.port(), two);
    EXPECT_EQ(first->hears() + second.hears() + other.hears(), "");

    Peer third(program.port(), one);

    EXPECT_THAT(third.head(), StartsWith("HTTP/1.1 429 "));
    EXPECT_THAT(third.head(), HasSubstr("Retry-After: 10\r\n"));
    first->sends(masked(Opcode::Close, ""));
    first->receives_all();
    EXPECT_THAT(Peer(program.port(), one).head(), StartsWith("HTTP/1.1 101 "));
}

TEST(SignalingLimits, AreForEachNetworkOfIpv6) {
    Program program(Settings{{"MAX_CONNECTIONS_PER_IP", "1"}, {"TRUSTED_PEERS", "127.0.0.0/8"}});
    Peer first(program.port(), http::Fields{{"X-Forwarded-For", "2001:db8:0:1::1"}});

    EXPECT_THAT(Peer(program.port(), http::Fields{{"X-Forwarded-For", "2001:db8:0:1::2"}}).head(),
                StartsWith("HTTP/1.1 429 "));
    EXPECT_THAT(Peer(program.port(), http::Fields{{"X-Forwarded-For", "2001:db8:0:2::1"}}).head(),
                StartsWith("HTTP/1.1 101 "));
}

TEST(SignalingLimits, DoNotBelieveForwardingFieldsOfStrangers) {
    Program program(Settings{{"MAX_CONNECTIONS_PER_IP", "1"}});
    Peer first(program.port(), http::Fields{{"X-Forwarded-For", "203.0.113.1"}});

    Peer second(program.port(), http::Fields{{"X-Forwarded-For", "203.0.113.2"}});

    EXPECT_THAT(second.head(), StartsWith("HTTP/1.1 429 "));
}

TEST(SignalingLimits, KeepPagesOfOtherOriginsOut) {
    Program program(Settings{{"ALLOWED_ORIGINS", "https://seance.dev,https://*.seance.dev"}});

    EXPECT_THAT(Peer(program.port(), http::Fields{{"Origin", "https://app.seance.dev"}}).head(),
                StartsWith("HTTP/1.1 101 "));
    EXPECT_THAT(Peer(program.port()).head(), StartsWith("HTTP/1.1 101 "));
    Peer evil(program.port(), http::Fields{{"Origin", "https://evil.test"}});
    EXPECT_THAT(evil.head(), StartsWith("HTTP/1.1 403 "));
    EXPECT_THAT(get(program.port(), "/"), HasSubstr("okay"));
}

TEST(SignalingLimits, HoldAllSlowReadersToTheMemoryThereIs) {
    Program program(Settings{{"MAX_MESSAGE_BYTES", "100000"},
                             {"MAX_QUEUE_BYTES", "50000000"},
                             {"MAX_TOTAL_QUEUE_BYTES", "50000000"},
                             {"CLOSE_TIMEOUT", "200ms"}});
    Peer ann(program.port());
    ann.joins("r");
    std::vector<std::unique_ptr<Peer>> slow;
    for (int i = 0; i < 4; ++i) {
        slow.push_back(std::make_unique<Peer>(program.port()));
        slow.back()->joins("r");
    }
    // Each may have 50 MB waiting, but not all of them together.
    const std::string data(90'000, 'x');
    std::string last;
    int sent = 0;
    for (; sent < 1000 && last.find("\"clients\":1}") == std::string::npos; ++sent) {
        ann.publishes("r", data);
        last = ann.hears();
        ASSERT_EQ(last.size(), relayed("r", data, 1).size()) << "ann got it";
    }
    EXPECT_LT(sent, 1000);
    EXPECT_GT(sent, 50'000'000 / 4 / 90'000);
}

TEST(SignalingLimits, HoldMessagesThatComeInPartToTheMemoryThereIs) {
    Program program(Settings{
        {"MAX_MESSAGE_BYTES", "100000"}, {"MAX_QUEUE_BYTES", "120000"}, {"MAX_TOTAL_QUEUE_BYTES", "150000"}});
    Peer first(program.port()), second(program.port());
    const std::string part(80'000, ' ');
    first.sends(masked(Opcode::Text, part, false) + masked(Opcode::Ping, "1"));
    first.receives_until(plain("1", Opcode::Pong));

    second.sends(masked(Opcode::Text, part, false));

    EXPECT_EQ(second.receives_reason(), "sends too slowly for a server short of memory");
    first.sends(masked(Opcode::Continuation, R"({"type":"ping"})"));
    EXPECT_EQ(first.receives(kPong.size()), kPong);
}

TEST(SignalingLimits, HoldTopicsToTheMemoryThereIs) {
    Program program(Settings{{"MAX_TOTAL_TOPIC_BYTES", "3000"}});
    auto ann = std::make_unique<Peer>(program.port());
    Peer bob(program.port());
    ann->joins(std::string(1000, 'a'));
    bob.joins(std::string(900, 'b'));
    bob.joins(std::string(1000, 'a'));  // it is there
    Peer eve(program.port());

    eve.says(R"({"type":"subscribe","topics":["eve"]})");

    EXPECT_EQ(eve.receives_reason(), "there is no memory for more topics");
    bob.says(R"({"type":"unsubscribe","topics":[")" + std::string(900, 'b') + "\"]}");
    bob.hears();
    Peer(program.port()).joins("eve");
}

TEST(SignalingLimits, MayCostSlowReadersTheirOldestMessagesInstead) {
    Program program(Settings{
        {"MAX_MESSAGE_BYTES", "100000"}, {"MAX_QUEUE_BYTES", "200000"}, {"SLOW_READERS", "drop-oldest"}});
    Peer ann(program.port()), slow(program.port());
    ann.joins("r");
    slow.joins("r");
    const std::string data(90'000, 'x');
    for (int i = 0; i < 200; ++i) {
        ann.publishes("r", data);
        ASSERT_EQ(ann.hears(), relayed("r", data, 2));
    }
    ann.publishes("r", "the last");
    ann.hears();

    auto all = slow.receives_until(relayed("r", "the last", 2));

    EXPECT_TRUE(all.ends_with(relayed("r", "the last", 2)));
    EXPECT_EQ((all.size() - relayed("r", "the last", 2).size()) % relayed("r", data, 2).size(), 0u);
    EXPECT_LT(all.size(), 200 * data.size());
    EXPECT_EQ(slow.hears(), "");
}

TEST(SignalingCompression, IsUsedForThoseWhoAskWhereItIsOn) {
    Program program(Settings{{"COMPRESSION", "on"}});
    const http::Fields ask{{"Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"}};
    Peer ann(program.port(), ask), bob(program.port());
    EXPECT_THAT(ann.head(), HasSubstr("Sec-WebSocket-Extensions: permessage-deflate; "
                                      "server_no_context_takeover; client_no_context_takeover\r\n"));
    EXPECT_THAT(bob.head(), Not(HasSubstr("Extensions")));
    ann.joins("r");
    bob.joins("r");
    const std::string data(1000, 'x');

    bob.publishes("r", data);

    EXPECT_EQ(bob.hears(), relayed("r", data, 2));
    EXPECT_EQ(ann.hears(),
              websocket::share_compressed_frame(Opcode::Text, relayed("r", data, 2).substr(4), 15)->text());
}

TEST(SignalingCompression, IsNotAgreedOnWhereItIsOff) {
    Program program;
    Peer ann(program.port(), http::Fields{{"Sec-WebSocket-Extensions", "permessage-deflate"}});
    EXPECT_THAT(ann.head(), Not(HasSubstr("Extensions")));
}

TEST(RoomTokens, AreAskedForWhereTheyAreConfigured) {
    Program program(Settings{{"ROOM_TOKEN_SECRET", kSecret}});

    EXPECT_THAT(Peer(program.port()).head(), StartsWith("HTTP/1.1 401 "));
    EXPECT_THAT(Peer(program.port(), {}, "/?token=nonsense").head(), StartsWith("HTTP/1.1 401 "));
    EXPECT_THAT(Peer(program.port(), {}, "/?token=" + token("a", true, -1)).head(),
                StartsWith("HTTP/1.1 401 "));
    EXPECT_THAT(Peer(program.port(), {}, "/?token=" + token("a", true)).head(), StartsWith("HTTP/1.1 101 "));
    EXPECT_THAT(get(program.port(), "/health"), StartsWith("HTTP/1.1 200 "));
}

TEST(RoomTokens, GiveTheirRoomsAndNoOthers) {
    Program program(Settings{{"ROOM_TOKEN_SECRET", kSecret}});
    Peer ann(program.port(), {}, "/?token=" + token("a", true) + "&token=" + token("b", true));
    ann.joins("a");
    ann.joins("b");
    ann.publishes("c", "goes nowhere");
    EXPECT_EQ(ann.hears(), "");

    ann.says(R"({"type":"subscribe","topics":["c"]})");

    EXPECT_EQ(ann.receives_reason(), "no valid room token for this topic");
}

TEST(RoomTokens, LetReadersListenAndRefuseWhatTheySay) {
    Program program(Settings{{"ROOM_TOKEN_SECRET", kSecret}});
    Peer writer(program.port(), {}, "/?token=" + token("r", true));
    Peer reader(program.port(), {}, "/?token=" + token("r", false));
    writer.joins("r");
    reader.joins("r");

    reader.publishes("r", "refused");
    EXPECT_EQ(reader.hears(), "");
    writer.publishes("r", "heard");

    EXPECT_EQ(writer.hears(), relayed("r", "heard", 2));
    EXPECT_EQ(reader.hears(), relayed("r", "heard", 2));
}

TEST(RoomTokens, EndMembershipWhenTheyExpire) {
    Program program(Settings{{"ROOM_TOKEN_SECRET", kSecret}});
    Peer ann(program.port(), {}, "/?token=" + token("r", true, 2));
    ann.joins("r");
    ann.patience = std::chrono::seconds(10);

    EXPECT_EQ(ann.receives_reason(), "the room token has expired");
}

TEST(RoomTokens, AreNotLogged) {
    Program program(Settings{{"ROOM_TOKEN_SECRET", kSecret}});
    auto good = token("r", true), bad = std::string("someone.elses.token");
    Peer ann(program.port(), {}, "/?token=" + good);
    ann.joins("r");
    Peer(program.port(), {}, "/?token=" + bad).receives_all();

    auto log = program.log_until("\"status\":401");

    EXPECT_THAT(log, HasSubstr("\"connection\":1"));
    EXPECT_THAT(log, Not(HasSubstr(good)));
    EXPECT_THAT(log, Not(HasSubstr(bad)));
    EXPECT_THAT(log, Not(HasSubstr("token=")));
}

}  // namespace seance::signaling
