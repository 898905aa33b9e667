#include "net/websocket/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/base/text.hpp"

// Suites and names follow the sections of the Autobahn test suite, the common measure of implementations.

namespace seance::websocket {
namespace {

using testing::ElementsAre;
using Events = std::vector<std::string>;
constexpr MaskKey kMask{0x37, 0xFA, 0x21, 0x3D};
constexpr std::size_t kLimit = 1 << 20;

std::string print(const Decoder::Step& step) {
    using Step = Decoder::Step;
    std::string payload(step.payload);
    switch (step.kind) {
        case Step::Message:
            return (step.opcode == Opcode::Text ? "text " : "binary ") + payload;
        case Step::Ping:
            return "ping " + payload;
        case Step::Pong:
            return "pong " + payload;
        case Step::Close:
            return "close " + std::to_string(step.code) + " " + payload;
        case Step::Failed:
            return "failed " + std::to_string(step.code);
        case Step::NeedMore:
            break;
    }
    return "";
}

// Feeds the pieces between the cuts, each in memory of its own so that a view kept too long shows.
Events decode(std::string_view bytes, const std::vector<std::size_t>& cuts, Role role, std::size_t limit) {
    Decoder decoder(role, limit);
    Events events;
    std::size_t begin = 0;
    auto feed = [&](std::size_t end) {
        std::vector<char> piece(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                                bytes.begin() + static_cast<std::ptrdiff_t>(end));
        begin = end;
        std::span<char> rest(piece);
        while (true) {
            auto step = decoder.take(rest);
            rest = rest.subspan(step.consumed);
            if (step.kind == Decoder::Step::NeedMore) return;
            events.push_back(print(step));
        }
    };
    for (auto cut : cuts) feed(cut);
    feed(bytes.size());
    return events;
}

// The same events whole, one byte at a time and, if short, cut in two at every place.
Events decode(std::string_view bytes, Role role = Role::Server, std::size_t limit = kLimit) {
    auto whole = decode(bytes, {}, role, limit);
    std::vector<std::size_t> every;
    for (std::size_t i = 1; i < bytes.size(); ++i) every.push_back(i);
    EXPECT_EQ(decode(bytes, every, role, limit), whole) << "one byte at a time";
    for (std::size_t i = 1; i < bytes.size() && bytes.size() < 2000; ++i)
        EXPECT_EQ(decode(bytes, {i}, role, limit), whole) << "cut at " << i;
    return whole;
}

std::string frame(Opcode opcode, std::string_view payload, bool fin = true) {
    std::string out;
    append_masked_frame(out, opcode, payload, kMask, fin);
    return out;
}
std::string text(std::string_view payload, bool fin = true) {
    return frame(Opcode::Text, payload, fin);
}
std::string more(std::string_view payload, bool fin) {
    return frame(Opcode::Continuation, payload, fin);
}
std::string close(unsigned code, std::string_view reason = "") {
    return frame(Opcode::Close, close_payload(static_cast<std::uint16_t>(code), reason));
}

}  // namespace

TEST(Autobahn1Framing, TextAndBinaryOfEveryLengthForm) {
    EXPECT_THAT(decode(text("") + frame(Opcode::Binary, "")), ElementsAre("text ", "binary "));
    for (std::size_t size : {1, 7, 8, 9, 125, 126, 127, 128, 65535, 65536, 65537}) {
        std::string payload(size, '*');
        EXPECT_EQ(decode(text(payload)), Events{"text " + payload}) << size;
    }
}

TEST(Autobahn2Pings, PingsAndPongsWithPayloadUpTo125Bytes) {
    std::string longest(125, '\xFE');
    EXPECT_THAT(
        decode(frame(Opcode::Ping, "") + frame(Opcode::Ping, longest) + frame(Opcode::Pong, "unasked")),
        ElementsAre("ping ", "ping " + longest, "pong unasked"));
    EXPECT_THAT(decode(frame(Opcode::Ping, std::string(126, 'x'))), ElementsAre("failed 1002"));
}

TEST(Autobahn3ReservedBits, AnyOfThemFailsTheConnection) {
    for (int bit : {0x10, 0x20, 0x40, 0x70}) {
        auto bytes = text("hi");
        bytes[0] = static_cast<char>(bytes[0] | bit);
        EXPECT_THAT(decode(text("first") + bytes + text("never")), ElementsAre("text first", "failed 1002"));
    }
}

TEST(Autobahn4Opcodes, ReservedOnesFailTheConnection) {
    for (int code : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
        EXPECT_THAT(decode(text("first") + frame(static_cast<Opcode>(code), "x")),
                    ElementsAre("text first", "failed 1002"))
            << code;
}

TEST(Autobahn5Fragmentation, ControlFramesMayNotBeFragmented) {  // 5.1, 5.2
    EXPECT_THAT(decode(frame(Opcode::Ping, "a", false)), ElementsAre("failed 1002"));
    EXPECT_THAT(decode(frame(Opcode::Pong, "a", false)), ElementsAre("failed 1002"));
}

TEST(Autobahn5Fragmentation, FragmentsBecomeOneMessage) {  // 5.3 – 5.5
    EXPECT_THAT(decode(text("frag", false) + more("ment", true)), ElementsAre("text fragment"));
    EXPECT_THAT(decode(text("", false) + more("", false) + more("", true)), ElementsAre("text "));
    EXPECT_THAT(decode(text("", false) + more("late", true)), ElementsAre("text late"));
}

TEST(Autobahn5Fragmentation, ControlFramesBetweenFragmentsAreSeenAtOnce) {  // 5.6 – 5.8, 5.19, 5.20
    EXPECT_THAT(decode(text("a", false) + frame(Opcode::Ping, "p") + more("b", false) +
                       frame(Opcode::Pong, "q") + more("c", true)),
                ElementsAre("ping p", "pong q", "text abc"));
}

TEST(Autobahn5Fragmentation, ContinuationOfNothingFails) {  // 5.9 – 5.14
    EXPECT_THAT(decode(more("x", true)), ElementsAre("failed 1002"));
    EXPECT_THAT(decode(text("done") + more("x", false)), ElementsAre("text done", "failed 1002"));
}

TEST(Autobahn5Fragmentation, ANewMessageInsideAnotherFails) {  // 5.15 – 5.18
    EXPECT_THAT(decode(text("a", false) + text("b")), ElementsAre("failed 1002"));
}

TEST(Autobahn6Utf8, ValidTextPassesWhereverItIsCut) {  // 6.2
    std::string valid = "Hello-\xC2\xB5@\xC3\x9F\xC3\xB6\xE2\x82\xAC\xF0\x9F\x98\x80-UTF-8!!";
    EXPECT_EQ(decode(text(valid)), Events{"text " + valid});
    for (std::size_t cut = 0; cut <= valid.size(); ++cut)
        EXPECT_EQ(decode(text(valid.substr(0, cut), false) + more(valid.substr(cut), true)),
                  Events{"text " + valid});
}

TEST(Autobahn6Utf8, InvalidTextFails) {  // 6.3, 6.6 – 6.23
    for (std::string_view bad :
         {"\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5", "\x80", "a\xBF", "\xC3",
          "\xE2\x82", "\xF0\x9F\x98", "\xFE", "\xFF", "\xED\xBF\xBF", "\xC1\xBF", "\xF8\x88\x80\x80\x80"})
        EXPECT_EQ(decode(text(bad)), Events{"failed 1007"});
}

TEST(Autobahn6Utf8, FailsAtTheBadByteAndDoesNotWaitForTheEndOfTheMessage) {  // 6.4
    auto bytes = text(std::string("ok \xF4\x90") + std::string(100, 'x'), false);
    Decoder decoder(Role::Server, kLimit);
    std::vector<char> first(bytes.begin(), bytes.begin() + 6 + 5);

    EXPECT_EQ(print(decoder.take(first)), "failed 1007");
}

TEST(Autobahn6Utf8, BinaryIsNotChecked) {
    EXPECT_THAT(decode(frame(Opcode::Binary, "\xFF\xFE")), ElementsAre("binary \xFF\xFE"));
}

TEST(Autobahn6Utf8, AgreesWithTheWholeTextCheckOnEveryTwoAndSomeLongerBytes) {
    for (unsigned a = 0; a < 256; ++a)
        for (unsigned b = 0; b < 256; ++b)
            for (std::string_view tail : {"", "\x80", "\x80\x80", "x"}) {
                std::string bytes{static_cast<char>(a), static_cast<char>(b)};
                bytes += tail;
                Utf8Check check;
                bool good = check.feed(std::string_view(bytes).substr(0, 1)) &&
                            check.feed(std::string_view(bytes).substr(1));
                ASSERT_EQ(good && check.complete(), is_utf8(bytes)) << a << " " << b;
            }
}

TEST(Autobahn7Close, CodesAndReasonsAreHandedOverAndNothingComesAfter) {  // 7.1, 7.3
    EXPECT_THAT(decode(frame(Opcode::Close, "") + text("never")), ElementsAre("close 1005 "));
    EXPECT_THAT(decode(close(1000, "bye") + text("never")), ElementsAre("close 1000 bye"));
    EXPECT_THAT(decode(close(1000, std::string(123, 'r'))),
                ElementsAre("close 1000 " + std::string(123, 'r')));
    EXPECT_THAT(decode(text("a", false) + close(1001)), ElementsAre("close 1001 "));
    EXPECT_THAT(decode(frame(Opcode::Close, "\x03")), ElementsAre("failed 1002"));
    EXPECT_THAT(decode(frame(Opcode::Close, std::string(126, 'x'))), ElementsAre("failed 1002"));
}

TEST(Autobahn7Close, TheReasonHasToBeUtf8) {  // 7.5
    EXPECT_THAT(decode(close(1000, "\xCE\xBA\xE1\xBD\xB9\xED\xA0\x80")), ElementsAre("failed 1007"));
}

TEST(Autobahn7Close, OnlyCodesThatMayBeSentAreAccepted) {  // 7.7, 7.9, 7.13
    for (unsigned code :
         {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999})
        EXPECT_EQ(decode(close(code)), Events{"close " + std::to_string(code) + " "});
    for (unsigned code : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
        EXPECT_EQ(decode(close(code)), Events{"failed 1002"}) << code;
}

TEST(Autobahn9Limits, AMessageOfTheLimitPassesAndOneByteMoreFailsByItsHeadAlone) {
    EXPECT_EQ(decode(text(std::string(300, 'x')), Role::Server, 300).size(), 1u);
    EXPECT_THAT(decode(text(std::string(301, 'x')).substr(0, 4), Role::Server, 300),
                ElementsAre("failed 1009"));
    EXPECT_THAT(
        decode(text(std::string(200, 'x'), false) + more(std::string(101, 'x'), true), Role::Server, 300),
        ElementsAre("failed 1009"));
    std::string endless("\x81\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10);
    EXPECT_THAT(decode(endless), ElementsAre("failed 1009"));
}

TEST(Autobahn9Limits, AMegabyteInManyFragmentsIsOneMessage) {
    std::string bytes = text(std::string(1024, 'a'), false), whole = "text " + std::string(kLimit, 'a');
    for (int i = 1; i < 1024; ++i) bytes += more(std::string(1024, 'a'), i == 1023);

    EXPECT_EQ(decode(bytes, {}, Role::Server, kLimit), Events{whole});
}

TEST(Autobahn10Misc, AMessageInManyEqualFramesIsOneMessage) {  // 10.1: 65536 bytes in frames of 1300
    std::string bytes, whole(65536, '*');
    for (std::size_t at = 0; at < whole.size(); at += 1300)
        bytes += frame(at == 0 ? Opcode::Text : Opcode::Continuation, whole.substr(at, 1300),
                       at + 1300 >= whole.size());

    EXPECT_THAT(decode(bytes), ElementsAre("text " + whole));
}

TEST(Decoder, RefusesLengthsThatAreNotInTheirShortestForm) {
    EXPECT_THAT(decode(std::string("\x81\xFE\x00\x7D", 4)), ElementsAre("failed 1002"));
    EXPECT_THAT(decode(std::string("\x81\xFF\x00\x00\x00\x00\x00\x00\xFF\xFF", 10)),
                ElementsAre("failed 1002"));
    EXPECT_THAT(decode(std::string("\x81\xFF\x80\x00\x00\x00\x00\x00\x00\x00", 10)),
                ElementsAre("failed 1002"));
}

TEST(Decoder, RefusesAFrameMaskedTheWrongWay) {
    std::string plain;
    append_frame(plain, Opcode::Text, "hi");

    EXPECT_THAT(decode(plain, Role::Server), ElementsAre("failed 1002"));
    EXPECT_THAT(decode(text("hi"), Role::Client), ElementsAre("failed 1002"));
    EXPECT_THAT(decode(plain, Role::Client), ElementsAre("text hi"));
}

TEST(Decoder, ReadsManyFramesFromOnePiece) {
    EXPECT_THAT(decode(text("a") + frame(Opcode::Ping, "") + text("b") + close(1000)),
                ElementsAre("text a", "ping ", "text b", "close 1000 "));
}

TEST(Encoder, WritesWhatTheRfcShows) {  // RFC 6455 section 5.7
    std::string plain;
    append_frame(plain, Opcode::Text, "Hello");

    EXPECT_EQ(plain, "\x81\x05Hello");
    EXPECT_EQ(text("Hello"), "\x81\x85\x37\xFA\x21\x3D\x7F\x9F\x4D\x51\x58");
}

TEST(Encoder, CutsACloseReasonAtTheBorderOfACharacter) {
    auto payload = close_payload(1000, std::string(122, 'x') + "\xE2\x82\xAC");

    EXPECT_EQ(payload.size(), 2u + 122u);
    EXPECT_EQ(payload.substr(0, 2), "\x03\xE8");
}

}  // namespace seance::websocket
