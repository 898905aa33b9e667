#include "net/http/parser.hpp"

#include <gmock/gmock.h>

#include "core/base/id.hpp"

namespace seance::http {
namespace {

const std::string kHost = "Host: a.test\r\n";

// The outcome of a whole head, fed at once and again a byte at a time; both must agree.
HeadProgress parse(const std::string& text, RequestHead& head) {
    RequestParser whole;
    auto progress = whole.parse(text, head);
    RequestParser slow;
    RequestHead ignored;
    HeadProgress by_byte;
    for (std::size_t n = 1; n <= text.size() && by_byte.state == HeadProgress::Incomplete; ++n)
        by_byte = slow.parse(std::string_view(text).substr(0, n), ignored);
    EXPECT_EQ(progress.state, by_byte.state) << text;
    EXPECT_EQ(progress.status, by_byte.status) << text;
    EXPECT_EQ(progress.consumed, by_byte.consumed) << text;
    return progress;
}

int status_of(const std::string& text) {
    RequestHead head;
    auto progress = parse(text, head);
    EXPECT_NE(progress.state, HeadProgress::Incomplete) << text;
    return progress.status;
}

int status_with(const std::string& fields) {
    return status_of("POST / HTTP/1.1\r\n" + kHost + fields + "\r\n");
}

}  // namespace

TEST(RequestParser, ReadsAnOrdinaryRequest) {
    RequestHead head;
    std::string text =
        "\r\nGET /a/b?c=1&d HTTP/1.1\r\nHost: a.test:80\r\nAccept:  */* \t\r\nX-Empty:\r\n\r\nrest";

    auto progress = parse(text, head);

    ASSERT_EQ(progress.state, HeadProgress::Complete);
    EXPECT_EQ(text.substr(progress.consumed), "rest");
    EXPECT_EQ(head.method, "GET");
    EXPECT_EQ(head.path(), "/a/b");
    EXPECT_EQ(head.query(), "c=1&d");
    EXPECT_EQ(head.authority, "a.test:80");
    EXPECT_EQ(head.fields.get("accept"), "*/*");
    EXPECT_EQ(head.fields.find("x-empty"), "");
    EXPECT_EQ(head.framing, Framing::None);
    EXPECT_TRUE(head.keep_alive);
}

// edge.md 1.1, row by row.
TEST(RequestParser, RefusesWhatIsAmbiguous) {
    const std::pair<std::string, int> cases[] = {
        {"GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400},
        {"GET /\rHTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: a" + std::string(1, '\0') + "b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nX(y): a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tfolded\r\n\r\n", 400},
        {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /\r\nHost: a\r\n\r\n", 400},
        {"GET / http/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/11\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a:70000\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", 400},
        {"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /a%2 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /a\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        {"\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417},
    };
    for (const auto& [text, status] : cases) EXPECT_EQ(status_of(text), status) << text;
}

TEST(RequestParser, AcceptsWhatTheTableAccepts) {
    for (const std::string& text :
         {std::string("GET / HTTP/1.0\r\n\r\n"), std::string("GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
          std::string("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
          std::string("GET / HTTP/1.1\r\nHost: a\r\nX: \xff\xfe\r\n\r\n"),
          std::string("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
          std::string("PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n")})
        EXPECT_EQ(status_of(text), 0) << text;
}

TEST(RequestParser, TakesTheAuthorityOfAnAbsoluteTarget) {
    RequestHead head;
    std::string text = "GET http://b.test:81/x?y HTTP/1.1\r\nHost: a.test\r\n\r\n";

    ASSERT_EQ(parse(text, head).state, HeadProgress::Complete);

    EXPECT_EQ(head.authority, "b.test:81");
    EXPECT_EQ(head.target, "/x?y");
}

TEST(RequestParser, HoldsItsLimitsAtTheEdge) {
    auto with_target = [](std::size_t line) {
        return "GET /" + std::string(line - 14, 'a') + " HTTP/1.1\r\n" + kHost + "\r\n";
    };
    EXPECT_EQ(status_of(with_target(kMostRequestLine)), 0);
    EXPECT_EQ(status_of(with_target(kMostRequestLine + 1)), 414);

    std::string start = "GET / HTTP/1.1\r\n" + kHost + "X: ";
    auto with_head = [&](std::size_t size) {
        return start + std::string(size - start.size() - 4, 'a') + "\r\n\r\n";
    };
    EXPECT_EQ(status_of(with_head(kMostHead)), 0);
    EXPECT_EQ(status_of(with_head(kMostHead + 1)), 431);

    auto with_fields = [](std::size_t count) {
        std::string text = "GET / HTTP/1.1\r\n" + kHost;
        for (std::size_t i = 1; i < count; ++i) text += "A: b\r\n";
        return text + "\r\n";
    };
    EXPECT_EQ(status_of(with_fields(kMostFields)), 0);
    EXPECT_EQ(status_of(with_fields(kMostFields + 1)), 431);
}

// edge.md 1.2: what decides where a body ends.
TEST(RequestParser, RefusesAmbiguousFraming) {
    for (const char* bad : {"+1", "-1", "1, 1", "0x1", "", "1 1", "1234567890123456789"})
        EXPECT_EQ(status_with(std::string("Content-Length: ") + bad + "\r\n"), 400) << bad;
    EXPECT_EQ(status_with("Content-Length: 1\r\nContent-Length: 1\r\n"), 400);
    EXPECT_EQ(status_with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400);
    EXPECT_EQ(status_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400);
    EXPECT_EQ(status_with("Transfer-Encoding: chunked, chunked\r\n"), 400);
    EXPECT_EQ(status_with("Transfer-Encoding: chunked, gzip\r\n"), 400);
    EXPECT_EQ(status_with("Transfer-Encoding: ,chunked\r\n"), 400);
    EXPECT_EQ(status_with("Transfer-Encoding: chun\x0bked\r\n"), 400);
    EXPECT_EQ(status_with("Transfer-Encoding: gzip, chunked\r\n"), 501);
    EXPECT_EQ(status_with("Transfer-Encoding: identity\r\n"), 501);
    EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    EXPECT_EQ(status_with("Transfer-Encoding: Chunked\r\n"), 0);
    EXPECT_EQ(status_with("Content-Length: 123456789012345678\r\n"), 0);
}

TEST(RequestParser, KnowsAnUpgradeFromAnOrdinaryRequest) {
    auto upgrades = [](const std::string& start, const std::string& fields) {
        RequestHead head;
        std::string text = start + kHost + fields + "\r\n";
        RequestParser().parse(text, head);
        return head.upgrades_to_websocket;
    };
    EXPECT_TRUE(upgrades("GET / HTTP/1.1\r\n", "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"));
    EXPECT_FALSE(upgrades("POST / HTTP/1.1\r\n", "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
    EXPECT_FALSE(upgrades("GET / HTTP/1.0\r\n", "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
    EXPECT_FALSE(upgrades("GET / HTTP/1.1\r\n", "Upgrade: websocket\r\n"));
    EXPECT_FALSE(upgrades("GET / HTTP/1.1\r\n", "Connection: Upgrade\r\nUpgrade: h2c\r\n"));
    EXPECT_FALSE(
        upgrades("GET / HTTP/1.1\r\n", "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n"));
}

TEST(ResponseParser, ReadsAResponseAndItsFraming) {
    auto framing = [](const std::string& text, bool to_head = false) {
        ResponseHead head;
        auto progress = ResponseParser().parse(text, head, to_head);
        EXPECT_EQ(progress.state, HeadProgress::Complete) << text;
        return head.framing;
    };
    EXPECT_EQ(framing("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), Framing::Length);
    EXPECT_EQ(framing("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n"), Framing::Chunked);
    EXPECT_EQ(framing("HTTP/1.1 200 \r\n\r\n"), Framing::UntilClose);
    EXPECT_EQ(framing("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), Framing::None);
    EXPECT_EQ(framing("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true), Framing::None);
}

TEST(ResponseParser, RefusesWhatBreaksTheRules) {
    for (std::string text : {"HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 200 OK\n\r\n",
                             "\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 999 OK\r\n\r\n",
                             "HTTP/1.1 200OK\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
        ResponseHead head;
        EXPECT_EQ(ResponseParser().parse(text, head, false).state, HeadProgress::Refused) << text;
    }
}

namespace {

struct Decoded {
    std::string data, rest;
    bool bad = false, done = false;
};

// Decodes input that comes in pieces of `piece` bytes.
Decoded decode(BodyDecoder body, std::string_view input, std::size_t piece) {
    Decoded out;
    std::size_t at = 0;
    while (at < input.size() && !body.done()) {
        auto step = body.take(input.substr(at, piece));
        out.data += step.data;
        if (step.bad) {
            out.bad = true;
            return out;
        }
        at += step.consumed;
    }
    out.done = body.done();
    out.rest = input.substr(at);
    return out;
}

}  // namespace

TEST(BodyDecoder, TakesChunksApartHoweverTheyArrive) {
    const std::string input =
        "4;ext=\"a b\"\r\nWiki\r\n6\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nX-Sum: 1\r\n\r\nnext";
    for (std::size_t piece = 1; piece <= input.size(); ++piece) {
        auto out = decode(BodyDecoder(Framing::Chunked, 0), input, piece);

        EXPECT_TRUE(out.done);
        EXPECT_EQ(out.data, "Wikipedia in \r\n\r\nchunks.");
        EXPECT_EQ(out.rest, "next");
    }
}

TEST(BodyDecoder, RefusesBrokenChunks) {
    for (const std::string& bad :
         {std::string("\r\n"), std::string("x\r\n"), std::string(" 1\r\na\r\n"), std::string("+1\r\n"),
          std::string("0x1\r\n"), std::string("1 \r\n"), std::string("1\na\r\n"), std::string("1\r\nab\r\n"),
          std::string("1\r\na\n"), std::string("1\r\na\rx"), std::string("11111111111111111\r\n"),
          std::string("1000000000000001\r\n"), std::string("0\r\nbad trailer\r\n\r\n"),
          std::string("0\r\nA: b\n\r\n"), std::string("0\r\n\n"), "1;" + std::string(257, 'a') + "\r\n",
          std::string("1;a\x01\r\n"), "0\r\nA: " + std::string(9000, 'a') + "\r\n\r\n"})
        for (std::size_t piece : {std::size_t{1}, bad.size()})
            EXPECT_TRUE(decode(BodyDecoder(Framing::Chunked, 0), bad, piece).bad) << bad.substr(0, 40);
}

TEST(BodyDecoder, EndsADeclaredLengthExactly) {
    auto out = decode(BodyDecoder(Framing::Length, 5), "helloworld", 3);

    EXPECT_EQ(out.data, "hello");
    EXPECT_EQ(out.rest, "world");
    EXPECT_TRUE(BodyDecoder(Framing::Length, 0).done());
    EXPECT_TRUE(BodyDecoder(Framing::None, 0).done());
}

// Hostile bytes: whatever comes, nothing is read outside the input, and consumed never exceeds it.
TEST(Parsers, SurviveMutatedInput) {
    const std::string seeds[] = {
        "POST /a?b=c HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n0\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"};
    for (int round = 0; round < 30'000; ++round) {
        std::string text = seeds[static_cast<std::size_t>(round) % 3];
        for (auto flips = random_number() % 4 + 1; flips > 0; --flips) {
            auto at = random_number() % text.size();
            if (random_number() % 3 == 0)
                text.erase(at, 1);
            else
                text[at] = static_cast<char>(random_number());
        }
        RequestHead request;
        auto progress = RequestParser().parse(text, request);
        ResponseHead response;
        ResponseParser().parse(text, response, false);
        if (progress.state != HeadProgress::Complete) continue;
        ASSERT_LE(progress.consumed, text.size());
        decode(BodyDecoder(request.framing, request.content_length),
               std::string_view(text).substr(progress.consumed), 7);
    }
}

}  // namespace seance::http
