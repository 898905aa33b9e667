#include "services/signaling/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <random>

#include "services/signaling/json_scanner.hpp"

namespace seance::signaling {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Type = Message::Type;

struct MessageParsing : testing::Test {
    const Message& parse(std::string text) {
        text_ = std::move(text);
        return *parser.parse(text_).value();
    }
    error_code error(std::string text) {
        text_ = std::move(text);
        auto result = parser.parse(text_);
        return result ? error_code{} : result.error();
    }
    std::string relay(std::string text, std::size_t clients) {
        auto frame = frame_of(Relay(parse(std::move(text)), clients));
        return frame.substr(frame[1] == 126 ? 4 : 2);
    }
    static std::string frame_of(const Relay& relay) {
        std::string frame;
        relay.append_frame(frame);
        EXPECT_LE(frame.size(), relay.frame_bytes());
        return frame;
    }
    MessageParser parser;
    std::string text_;
};

std::string oracle_verdict(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = JsonScanner::kMostDepth;
    error_code error;
    boost::json::parse(text, error, {}, options);
    return error ? "bad" : "good";
}

std::string our_verdict(std::string_view text) {
    JsonScanner scan(text);
    return scan.value() && scan.at_end() ? "good" : "bad";
}

}  // namespace

TEST_F(MessageParsing, FindsTheTypeAndTopicsOfASubscribe) {
    auto& message = parse(R"({"type":"subscribe","topics":["a","","ä",3,null,["x"],{"y":1},"b"]})");

    EXPECT_EQ(message.type, Type::Subscribe);
    EXPECT_THAT(message.topics, ElementsAre("a", "", "ä", "b"));
    EXPECT_THAT(parse(R"({"type":"unsubscribe"})").topics, IsEmpty());
    EXPECT_THAT(parse(R"({"type":"subscribe","topics":null})").topics, IsEmpty());
}

TEST_F(MessageParsing, FindsTheTopicOfAPublishWhereverItStands) {
    EXPECT_EQ(parse(R"({"data":{"topic":"inner","type":"ping"},"topic":"outer","type":"publish"})").topic,
              "outer");
    EXPECT_EQ(parse(R"({"type":"publish"})").topic, "");
    EXPECT_EQ(parse(R"({"type":"publish","topic":null})").topic, "");
}

TEST_F(MessageParsing, ReadsEscapesInKeysAndValues) {
    auto& message = parse(R"({"\u0074ype":"pu\u0062lish","topic":"\ud83d\ude00\n\"\\\/\b\f\r\t\u00e9"})");

    EXPECT_EQ(message.type, Type::Publish);
    EXPECT_EQ(message.topic, "😀\n\"\\/\b\f\r\té");
}

TEST_F(MessageParsing, TheLastOfEqualKeysCounts) {
    EXPECT_EQ(parse(R"({"type":"ping","type":"publish","topic":"a","topic":"b"})").topic, "b");
}

TEST_F(MessageParsing, IgnoresOtherTypes) {
    for (auto text : {R"({})", R"({"type":"hello","topic":5,"topics":7})", R"({"type":null})",
                      R"( {"a":[1,2,{"b":[]}]} )"})
        EXPECT_EQ(parse(text).type, Type::Ignored) << text;
    EXPECT_EQ(parse(R"({"type":"ping"})").type, Type::Ping);
}

TEST_F(MessageParsing, RefusesWhatIsNoObjectOrHasFieldsOfTheWrongType) {
    for (auto text : {"[]", "3", "null", "\"subscribe\"", " true "})
        EXPECT_EQ(error(text), Errc::NotAnObject) << text;
    for (auto text : {R"({"type":5})", R"({"type":["publish"]})", R"({"type":"publish","topic":5})",
                      R"({"type":"subscribe","topics":"a"})", R"({"type":"unsubscribe","topics":{}})"})
        EXPECT_EQ(error(text), Errc::WrongType) << text;
}

TEST_F(MessageParsing, RefusesWhatIsNotJson) {
    for (auto text : {"",
                      "{",
                      "}",
                      "{]",
                      R"({"type":"ping")",
                      R"({"type":"ping",})",
                      R"({"type" "ping"})",
                      R"({type:"ping"})",
                      R"({"type":'ping'})",
                      R"({"a":01})",
                      R"({"a":1.})",
                      R"({"a":.5})",
                      R"({"a":+1})",
                      R"({"a":1e})",
                      R"({"a":-})",
                      R"({"a":nul})",
                      R"({"a":truely})",
                      R"({"a":"\x"})",
                      R"({"a":"\u12g4"})",
                      "{\"a\":\"\n\"}",
                      R"({"a":[1,]})",
                      R"({"a":[,1]})",
                      R"({"a":[1 2]})",
                      R"({"a":1}{})",
                      R"({"a":1} x)",
                      R"({"a":"unended)",
                      R"({"a":"\)",
                      "{} \v",
                      "[1",
                      "[[]",
                      "[}",
                      "{\"a\":[}"})
        EXPECT_EQ(error(text), Errc::NotJson) << text;
}

TEST_F(MessageParsing, BoundsTheNesting) {
    auto nested = [](std::size_t depth) {
        return R"({"type":"ping","x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
    };

    EXPECT_EQ(parse(nested(JsonScanner::kMostDepth)).type, Type::Ping);
    EXPECT_EQ(error(nested(JsonScanner::kMostDepth + 1)), Errc::TooDeep);
    EXPECT_EQ(error(std::string(100'000, '[')), Errc::TooDeep);
}

TEST_F(MessageParsing, RelaysEveryByteAndAddsClients) {
    EXPECT_EQ(relay(R"({"type":"publish","topic":"t","data":"é\u00e9 \/"})", 3),
              R"({"type":"publish","topic":"t","data":"é\u00e9 \/","clients":3})");
    EXPECT_EQ(relay(" {\"type\" : \"publish\" , \"topic\":\"t\"\n}  ", 12),
              " {\"type\" : \"publish\" , \"topic\":\"t\"\n,\"clients\":12}  ");
}

TEST_F(MessageParsing, OverwritesClientsOfThePublisherHoweverTheyAreSpelled) {
    EXPECT_EQ(relay(R"({"clients": "many" ,"type":"publish","topic":"t"})", 7),
              R"({"clients": 7 ,"type":"publish","topic":"t"})");
    EXPECT_EQ(relay(R"({"type":"publish","cl\u0069ents":{"a":[1]},"x":{"clients":1},"clients":null})", 20),
              R"({"type":"publish","cl\u0069ents":20,"x":{"clients":1},"clients":20})");
}

TEST_F(MessageParsing, WritesTheHeadOfEveryLengthForm) {
    for (std::size_t filler : {10, 80, 90, 100, 65'000, 65'480, 65'500, 70'000}) {
        auto text = R"({"type":"publish","topic":"t","data":")" + std::string(filler, 'x') + "\"}";
        auto frame = frame_of(Relay(parse(text), 5));
        websocket::Decoder decoder(websocket::Role::Client, 1 << 20);

        auto step = decoder.take(frame);

        EXPECT_EQ(step.consumed, frame.size());
        EXPECT_EQ(step.payload.substr(text.size() - 1), ",\"clients\":5}");
    }
}

TEST_F(MessageParsing, RelaysWhatOthersHaveParsedAsItsOwn) {
    for (std::string text :
         {R"({"type":"publish","topic":"t","data":"AAECAw=="})", R"({"topic":"t","type":"publish"})",
          R"( { "type" : "publish" , "topic" : "t" , "nested" : { "a" : [ {} ] } }  )",
          "{\"type\":\"publish\",\"topic\":\"t\"\n}\r\n"}) {
        auto relay = Relay::of_parsed(text, 12);
        ASSERT_TRUE(relay) << text;
        EXPECT_EQ(frame_of(*relay), frame_of(Relay(parse(text), 12))) << text;
    }
}

TEST_F(MessageParsing, LeavesToTheParserWhereClientsMayStand) {
    for (auto text :
         {R"({"type":"publish","topic":"t","clients":3})", R"({"type":"publish","topic":"clients"})",
          R"({"type":"publish","topic":"t","cl\u0069ents":3})", R"({"type":"publish","topic":"a\"b"})", "[1]",
          "", " "})
        EXPECT_FALSE(Relay::of_parsed(text, 12)) << text;
}

// Our scanner against a complete parser, on texts damaged at random (the same ones each time).
TEST(JsonScanner, AgreesWithACompleteParser) {
    const std::vector<std::string> seeds = {
        R"({"type":"publish","topic":"room","data":{"type":"signal","from":"a","to":"b","token":0.5,"signal":{"sdp":"v=0\r\n"}}})",
        R"({"type":"subscribe","topics":["a","b",{"c":[true,false,null]},-1.5e+10,0,1E-2,""]})",
        R"([[],{},[{}],{"a":{}},"\u00e9\n\t\\\"", 10.25 , -0 ])"};
    const std::string_view alphabet = "{}[]:,\"\\0123456789.eE+-tfnu \t\n/abxé\x01";
    std::mt19937 random(20240229);
    for (int round = 0; round < 60'000; ++round) {
        auto text = seeds[random() % seeds.size()];
        for (auto changes = random() % 4; changes > 0 && !text.empty(); --changes) {
            auto at = random() % text.size();
            switch (random() % 3) {
                case 0:
                    text.erase(at, 1 + random() % 3);
                    break;
                case 1:
                    text.insert(at, 1, alphabet[random() % (alphabet.size() - 3)]);
                    break;
                default:
                    text[at] = alphabet[random() % (alphabet.size() - 3)];
            }
        }
        if (text.find("\\ud") != std::string::npos || text.find("\\uD") != std::string::npos)
            continue;  // half pairs: as in JavaScript
        ASSERT_EQ(our_verdict(text), oracle_verdict(text)) << text;
    }
}

TEST(JsonScanner, TakesEverySpecialCharacterAtEveryPlaceOfAWord) {
    for (std::size_t before = 0; before < 20; ++before)
        for (int c = 0; c < 128; ++c) {
            auto text = "\"" + std::string(before, '~') + static_cast<char>(c) + std::string(12, ' ') + "\"";
            ASSERT_EQ(our_verdict(text), oracle_verdict(text)) << before << " " << c;
        }
}

}  // namespace seance::signaling
