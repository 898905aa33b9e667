#include "net/websocket/deflate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/websocket/shared_frame.hpp"

// Named after the sections of the Autobahn test suite, as those of codec_test.cpp.

namespace seance::websocket {
namespace {

using Outcome = Inflater::Outcome;

std::string answer(std::vector<std::string> offers) {
    http::FieldViews fields;
    for (const auto& offer : offers) fields.add({"Sec-WebSocket-Extensions", offer});
    return answer_deflate_offers(fields).field;
}

const std::string kAnswer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

std::string compressed_frame(Opcode opcode, std::string_view payload, bool fin = true, bool marked = true) {
    std::string out;
    const MaskKey mask{0, 0, 0, 0};
    append_head(out, opcode, payload.size(), fin, &mask, marked);
    out += payload;
    return out;
}

struct Taken {
    Decoder::Step::Kind kind;
    std::string payload;
    std::uint16_t code;
};
Taken take(std::string bytes, std::size_t limit = 1 << 20, std::size_t piece = 1 << 20) {
    Decoder decoder(Role::Server, limit);
    decoder.allow_deflate();
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        auto rest = std::span(bytes).subspan(at, std::min(piece, bytes.size() - at));
        while (true) {
            auto step = decoder.take(rest);
            rest = rest.subspan(step.consumed);
            if (step.kind == Decoder::Step::NeedMore) break;
            return {step.kind, std::string(step.payload), step.code};
        }
    }
    return {Decoder::Step::NeedMore, "", 0};
}

}  // namespace

TEST(Autobahn13Parameters, AreAnsweredWithoutContextTakeover) {
    EXPECT_EQ(answer({"permessage-deflate"}), kAnswer);
    EXPECT_EQ(answer({"permessage-deflate; client_max_window_bits"}), kAnswer);
    EXPECT_EQ(answer({"Permessage-Deflate;client_max_window_bits=10;client_no_context_takeover"}), kAnswer);
    EXPECT_EQ(answer({"permessage-deflate; server_max_window_bits=10"}),
              kAnswer + "; server_max_window_bits=10");
    EXPECT_EQ(answer({"permessage-deflate; server_max_window_bits=\"12\""}),
              kAnswer + "; server_max_window_bits=12");
}

TEST(Autobahn13Parameters, ArePassedOverForTheNextThatCanBeKept) {
    EXPECT_EQ(answer({"x-other, permessage-deflate; server_max_window_bits=8, permessage-deflate"}), kAnswer);
    EXPECT_EQ(answer({"x-other; a=\"b, permessage-deflate\"", "permessage-deflate"}), kAnswer);
}

TEST(Autobahn13Parameters, ThatBreakTheRulesAreDeclined) {
    for (auto offer :
         {"", "x-other", "permessage-deflate; unknown", "permessage-deflate; server_max_window_bits",
          "permessage-deflate; server_max_window_bits=16", "permessage-deflate; server_max_window_bits=7",
          "permessage-deflate; server_max_window_bits=012", "permessage-deflate; client_max_window_bits=99",
          "permessage-deflate; server_no_context_takeover=1",
          "permessage-deflate; client_no_context_takeover; client_no_context_takeover"})
        EXPECT_EQ(answer({offer}), "") << offer;
}

TEST(Autobahn12Compression, MakesWhatAnInflaterExpandsWithEveryWindow) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += std::to_string(i * 7919 % 1000) + ",";
    for (std::uint8_t bits = 9; bits <= 15; ++bits) {
        std::string out;
        auto packed = deflater(bits).compress(text);
        EXPECT_LT(packed.size(), text.size() / 2);
        EXPECT_EQ(inflater().expand(packed, text.size(), out), Outcome::Done);
        EXPECT_EQ(out, text);
    }
    std::string nothing;
    EXPECT_EQ(inflater().expand(deflater(15).compress(""), 10, nothing), Outcome::Done);
    EXPECT_EQ(nothing, "");
}

// The examples of RFC 7692 section 7.2.3.
TEST(Autobahn12Compression, ExpandsTheExamplesOfTheStandard) {
    using namespace std::string_view_literals;
    const std::string_view packed[] = {
        "\xf2\x48\xcd\xc9\xc9\x07\x00"sv, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"sv,
        "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"sv, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"sv};
    for (auto bytes : packed) {
        std::string out;
        EXPECT_EQ(inflater().expand(bytes, 5, out), Outcome::Done);
        EXPECT_EQ(out, "Hello");
    }
}

TEST(Autobahn12Compression, StopsABombAtTheLimit) {
    auto bomb = deflater(15).compress(std::string(50 << 20, 'x'));
    std::string out;

    EXPECT_EQ(inflater().expand(bomb, 1000, out), Outcome::TooBig);
    EXPECT_LE(out.size(), 1000u);
}

TEST(Autobahn12Compression, RefusesWhatIsDamagedOrCutOff) {
    std::string out;
    EXPECT_EQ(inflater().expand("\xff\xff\xff\xff", 1000, out), Outcome::Broken);
    auto packed = deflater(15).compress("a text that is long enough to be cut off in its middle");
    out.clear();
    EXPECT_EQ(inflater().expand(packed.substr(0, packed.size() / 2), 1000, out), Outcome::Broken);
}

TEST(Autobahn12Compression, ExpandsCompressedMessagesHoweverTheyAreCut) {
    auto packed = deflater(15).compress("hello hello hello");
    auto whole = compressed_frame(Opcode::Text, packed);
    auto fragments = compressed_frame(Opcode::Text, packed.substr(0, 3), false) +
                     compressed_frame(Opcode::Continuation, packed.substr(3), true, false);
    for (const auto& bytes : {whole, fragments})
        for (std::size_t piece : {1u, 2u, 1000u}) {
            auto taken = take(bytes, 100, piece);
            EXPECT_EQ(taken.kind, Decoder::Step::Message);
            EXPECT_EQ(taken.payload, "hello hello hello");
        }
    EXPECT_EQ(take(compressed_frame(Opcode::Text, "plain", true, false)).payload, "plain");
}

TEST(Autobahn12Compression, LimitsCompressedMessagesBeforeAndAfterExpansion) {
    auto bomb = deflater(15).compress(std::string(100'000, 'x'));
    ASSERT_LT(bomb.size(), 1000u);
    EXPECT_EQ(take(compressed_frame(Opcode::Binary, bomb), 100'000).kind, Decoder::Step::Message);
    EXPECT_EQ(take(compressed_frame(Opcode::Binary, bomb), 99'999).code, close_code::kTooBig);
    EXPECT_EQ(take(compressed_frame(Opcode::Binary, std::string(101, 'x')), 100).code, close_code::kTooBig);
}

TEST(Autobahn12Compression, RefusesTheCompressionBitWhereItDoesNotBelong) {
    auto packed = deflater(15).compress("x");
    EXPECT_EQ(take(compressed_frame(Opcode::Ping, "")).code, close_code::kProtocolError);
    EXPECT_EQ(take(compressed_frame(Opcode::Text, packed, false) +
                   compressed_frame(Opcode::Continuation, "", true, true))
                  .code,
              close_code::kProtocolError);
    Decoder without(Role::Server, 100);
    auto bytes = compressed_frame(Opcode::Text, packed);
    EXPECT_EQ(without.take(bytes).code, close_code::kProtocolError);
}

TEST(Autobahn12Compression, RefusesCompressedTextThatIsDamagedOrNotUtf8) {
    EXPECT_EQ(take(compressed_frame(Opcode::Text, "\xff\xff\xff\xff")).code, close_code::kBadData);
    EXPECT_EQ(take(compressed_frame(Opcode::Text, deflater(15).compress("\xff\xfe"))).code,
              close_code::kBadData);
}

TEST(SharedFrames, AreCompressedForThoseWhoAgreed) {
    auto frame = share_compressed_frame(Opcode::Text, "again again again again", 9)->text();
    Decoder decoder(Role::Client, 100);
    decoder.allow_deflate();
    auto step = decoder.take(frame);
    EXPECT_EQ(step.payload, "again again again again");
}

}  // namespace seance::websocket
