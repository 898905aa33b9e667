#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/http/parser.hpp"

namespace {

using namespace seance::http;

void require(bool holds) {
    if (!holds) std::abort();
}

std::string decode(BodyDecoder body, std::string_view input, std::size_t piece, bool& bad) {
    std::string out;
    std::size_t at = 0;
    while (at < input.size() && !body.done()) {
        auto step = body.take(input.substr(at, piece));
        if (step.bad) {
            bad = true;
            break;
        }
        require(step.consumed > 0 && step.consumed <= std::min(piece, input.size() - at));
        out += step.data;
        at += step.consumed;
    }
    return out;
}

}  // namespace

// However a message is cut into pieces, the outcome is the same, and nothing outside it is touched.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string text(reinterpret_cast<const char*>(data), size);
    RequestHead head;
    auto whole = RequestParser().parse(text, head);
    require(whole.consumed <= text.size());

    RequestParser slow;
    RequestHead slow_head;
    HeadProgress by_pieces;
    for (std::size_t n = std::min<std::size_t>(3, size); by_pieces.state == HeadProgress::Incomplete;
         n = std::min(n + 3, size)) {
        by_pieces = slow.parse(std::string_view(text).substr(0, n), slow_head);
        if (n == size) break;
    }
    require(by_pieces.state == whole.state && by_pieces.consumed == whole.consumed);

    if (whole.state == HeadProgress::Complete) {
        require(is_token(head.method) && !head.target.empty());
        for (const auto& field : head.fields.all())
            require(is_token(field.name) && is_field_value(field.value));
        auto rest = std::string_view(text).substr(whole.consumed);
        bool bad = false, slow_bad = false;
        auto body = decode(BodyDecoder(head.framing, head.content_length), rest, rest.size() + 1, bad);
        auto slow_body = decode(BodyDecoder(head.framing, head.content_length), rest, 1, slow_bad);
        require(bad == slow_bad && body == slow_body);
    }
    ResponseHead response;
    auto answer = ResponseParser().parse(text, response, size % 2 == 0);
    require(answer.consumed <= text.size());
    return 0;
}
