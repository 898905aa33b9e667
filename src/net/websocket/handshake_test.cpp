#include "net/websocket/handshake.hpp"

#include <gtest/gtest.h>

#include "net/http/parser.hpp"

namespace seance::websocket {
namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";

// What the answer to a request with these fields beyond the usual ones is.
Upgrade answer_to(std::string fields, std::string line = "GET /chat HTTP/1.1") {
    std::string text = line + "\r\nHost: a.test\r\n" + fields + "\r\n";
    http::RequestParser parser;
    http::RequestHead head;
    EXPECT_EQ(parser.parse(text, head).state, http::HeadProgress::Complete) << text;
    auto answer = check_upgrade(head);
    return answer;
}

std::string usual(std::string_view version = "13", std::string_view key = kKey) {
    return "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: " +
           std::string(version) + "\r\nSec-WebSocket-Key: " + std::string(key) + "\r\n";
}

std::string refusal_of(std::string text) {
    http::ResponseParser parser;
    http::ResponseHead head;
    EXPECT_EQ(parser.parse(text, head, false).state, http::HeadProgress::Complete) << text;
    return refuse_response(head, kKey);
}

}  // namespace

TEST(Handshake, AcceptsTheExampleOfTheRfc) {  // RFC 6455 section 1.3
    auto answer = answer_to(usual());

    EXPECT_EQ(answer.status, 101);
    EXPECT_EQ(answer.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(Handshake, AnswersAnotherVersionWith426) {
    EXPECT_EQ(answer_to(usual("8")).status, 426);
    EXPECT_EQ(answer_to(usual("13, 8")).status, 426);
    EXPECT_EQ(answer_to("Upgrade: websocket\r\nConnection: Upgrade\r\n").status, 426);
}

TEST(Handshake, AnswersAKeyThatIsNotSixteenBytesWith400) {
    for (std::string_view key :
         {"", "short", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZTE=", "dGhlIHNhbXBsZSBub25jZR==",
          "dGhlIHNhbXBsZSBub25j!Q==", "dGhlIHNhbXBsZSBub25jZQ==AAAA"})
        EXPECT_EQ(answer_to(usual("13", key)).status, 400) << key;
}

TEST(Handshake, AnswersWhatIsNoUpgradeWith426) {
    EXPECT_EQ(answer_to("").status, 426);
    EXPECT_EQ(answer_to(usual(), "GET /chat HTTP/1.0").status, 426);
}

TEST(Handshake, MakesKeysThatItAcceptsItself) {
    auto key = make_key();

    EXPECT_EQ(answer_to(usual("13", key)).status, 101);
    EXPECT_NE(key, make_key());
    EXPECT_EQ(refusal_of(upgrade_response(accept_key(kKey), "id")), "");
}

TEST(Handshake, AClientRefusesAnAnswerThatIsNotForIt) {
    auto good = upgrade_response(accept_key(kKey));
    auto with = [&](std::string_view from, std::string_view to) {
        auto text = good;
        return text.replace(text.find(from), from.size(), to);
    };

    EXPECT_NE(refusal_of("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").find("404"),
              std::string::npos);
    EXPECT_NE(refusal_of(with("Upgrade: websocket", "Upgrade: h2c")), "");
    EXPECT_NE(refusal_of(with("Connection: Upgrade", "Connection: close")), "");
    EXPECT_NE(refusal_of(with("s3pP", "XXXX")), "");
    EXPECT_NE(refusal_of(with("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")), "");
}

TEST(Handshake, AsksForASubprotocolAndMoreFields) {
    http::Fields fields;
    fields.add("Project-Access-Token", "t");

    auto request = upgrade_request("a.test", "/", kKey, fields, "graphql-transport-ws");

    EXPECT_NE(request.find("\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"), std::string::npos);
    EXPECT_TRUE(request.ends_with("\r\nProject-Access-Token: t\r\n\r\n"));
}

TEST(Handshake, ClientTakesTheSubprotocolItAskedForAndNoOther) {
    auto refusal = [](std::string_view chosen, std::string_view asked) {
        auto text =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: " +
            accept_key(kKey) + "\r\n" + std::string(chosen) + "\r\n";
        http::ResponseParser parser;
        http::ResponseHead head;
        EXPECT_EQ(parser.parse(text, head, false).state, http::HeadProgress::Complete) << text;
        return refuse_response(head, kKey, asked);
    };

    EXPECT_EQ(refusal("Sec-WebSocket-Protocol: a\r\n", "a"), "");
    EXPECT_NE(refusal("Sec-WebSocket-Protocol: b\r\n", "a"), "");
    EXPECT_NE(refusal("", "a"), "");
    EXPECT_NE(refusal("Sec-WebSocket-Protocol: a\r\n", ""), "");
}

}  // namespace seance::websocket
