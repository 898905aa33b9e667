#include "net/http/parser.hpp"

#include <array>

#include "core/base/text.hpp"

namespace seance::http {
namespace {

constexpr std::size_t kMostExtensions = 16 * 1024;
constexpr std::size_t kMostTrailers = 8 * 1024;
constexpr std::uint64_t kMostChunk = std::uint64_t{1} << 60;

enum Kind : std::uint8_t { Token = 1, Value = 2, Target = 4, HostChar = 8 };

constexpr std::array<std::uint8_t, 256> make_kinds() {
    std::array<std::uint8_t, 256> kinds{};
    for (unsigned c = 0; c < 256; ++c) {
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        std::uint8_t kind = 0;
        if (alnum || (c < 128 && std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) !=
                                     std::string_view::npos))
            kind |= Token;
        if (c == '\t' || (c >= 0x20 && c != 0x7f)) kind |= Value;
        if (c > 0x20 && c < 0x7f && c != '#') kind |= Target;
        // RFC 3986: unreserved, sub-delims and % in a reg-name
        if (alnum || (c < 128 && std::string_view("-._~!$&'()*+,;=%").find(static_cast<char>(c)) !=
                                     std::string_view::npos))
            kind |= HostChar;
        kinds[c] = kind;
    }
    return kinds;
}
constexpr auto kKinds = make_kinds();

bool is(char c, Kind kind) {
    return (kKinds[static_cast<unsigned char>(c)] & kind) != 0;
}

bool all(std::string_view text, Kind kind) {
    for (char c : text)
        if (!is(c, kind)) return false;
    return true;
}

bool percents_are_whole(std::string_view text) {
    for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1))
        if (at + 2 >= text.size() || hex_digit(text[at + 1]) < 0 || hex_digit(text[at + 2]) < 0) return false;
    return true;
}

std::string_view trim_blanks(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

struct Refusal {
    int status = 0;
    const char* reason = "";
    explicit operator bool() const { return status != 0; }
};

HeadProgress refused(Refusal refusal) {
    return {HeadProgress::Refused, 0, refusal.status, refusal.reason};
}

// What the fields say about framing and the connection, gathered while they are read once.
struct Meaning {
    int content_lengths = 0, transfer_encodings = 0, hosts = 0;
    std::string_view content_length, transfer_encoding, host, expect;
    bool close = false, keep_alive = false, upgrade = false, websocket = false, has_expect = false;
};

void note_connection(std::string_view value, Meaning& meaning) {
    while (!value.empty()) {
        auto comma = value.find(',');
        auto option = trim_blanks(value.substr(0, comma));
        if (iequals(option, "close"))
            meaning.close = true;
        else if (iequals(option, "keep-alive"))
            meaning.keep_alive = true;
        else if (iequals(option, "upgrade"))
            meaning.upgrade = true;
        value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
    }
}

void note(const Field& field, Meaning& meaning) {
    switch (field.name.size()) {
        case 4:
            if (iequals(field.name, "host")) {
                ++meaning.hosts;
                meaning.host = field.value;
            }
            break;
        case 6:
            if (iequals(field.name, "expect")) {
                meaning.has_expect = true;
                meaning.expect = field.value;
            }
            break;
        case 7:
            if (iequals(field.name, "upgrade")) meaning.websocket = iequals(field.value, "websocket");
            break;
        case 10:
            if (iequals(field.name, "connection")) note_connection(field.value, meaning);
            break;
        case 14:
            if (iequals(field.name, "content-length")) {
                ++meaning.content_lengths;
                meaning.content_length = field.value;
            }
            break;
        case 17:
            if (iequals(field.name, "transfer-encoding")) {
                if (++meaning.transfer_encodings == 1) meaning.transfer_encoding = field.value;
            }
            break;
        default:
            break;
    }
}

// One "name: value" after another, up to the blank line. `at` stands behind the start line's CRLF.
Refusal read_fields(std::string_view head, std::size_t at, FieldViews& fields, Meaning& meaning) {
    while (head[at] != '\r') {
        if (head[at] == ' ' || head[at] == '\t') return {400, "line folding"};
        std::size_t name_end = at;
        while (is(head[name_end], Token)) ++name_end;
        if (name_end == at || head[name_end] != ':') return {400, "bad field name"};
        std::size_t value_end = name_end + 1;
        while (is(head[value_end], Value)) ++value_end;
        if (head[value_end] != '\r' || head[value_end + 1] != '\n')
            return {400, "control byte in a field value"};
        Field field{head.substr(at, name_end - at),
                    trim_blanks(head.substr(name_end + 1, value_end - name_end - 1))};
        if (!fields.add(field)) return {431, "more than 100 fields"};
        note(field, meaning);
        at = value_end + 2;
    }
    return {};
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
    if (text.size() > 18) return std::nullopt;
    return parse_number(text);
}

// The codings of Transfer-Encoding: only one final "chunked" is understood.
Refusal check_codings(std::string_view value) {
    bool other = false;
    int chunked = 0;
    bool last_is_chunked = false;
    for (auto part : split(value, ',')) {
        auto coding = trim_blanks(part);
        if (!is_token(coding)) return {400, "bad Transfer-Encoding"};
        last_is_chunked = iequals(coding, "chunked");
        if (last_is_chunked)
            ++chunked;
        else
            other = true;
    }
    if (chunked > 1 || (chunked == 1 && !last_is_chunked)) return {400, "chunked is not the last coding"};
    if (other) return {501, "unknown transfer coding"};
    return {};
}

template <class Head>
Refusal read_framing(const Meaning& meaning, Head& head) {
    if (meaning.content_lengths > 1) return {400, "more than one Content-Length"};
    if (meaning.transfer_encodings > 0) {
        if (meaning.content_lengths > 0) return {400, "Content-Length with Transfer-Encoding"};
        if (head.minor_version == 0) return {400, "Transfer-Encoding in HTTP/1.0"};
        if (meaning.transfer_encodings > 1) return {400, "more than one Transfer-Encoding"};
        if (auto refusal = check_codings(meaning.transfer_encoding)) return refusal;
        head.framing = Framing::Chunked;
    } else if (meaning.content_lengths == 1) {
        auto length = parse_length(meaning.content_length);
        if (!length) return {400, "bad Content-Length"};
        head.framing = Framing::Length;
        head.content_length = *length;
    }
    return {};
}

// "HTTP/1.1" → minor version; 505 for another major one.
Refusal read_version(std::string_view text, int& minor) {
    auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    if (text.size() != 8 || !text.starts_with("HTTP/") || !digit(5) || text[6] != '.' || !digit(7))
        return {400, "bad version"};
    if (text[5] != '1') return {505, "not HTTP/1"};
    minor = text[7] == '0' ? 0 : 1;
    return {};
}

Refusal read_target(std::string_view text, RequestHead& head) {
    if (text.empty() || !all(text, Target) || !percents_are_whole(text)) return {400, "bad target"};
    if (text == "*") {
        if (head.method != "OPTIONS") return {400, "target * without OPTIONS"};
        head.target = text;
        return {};
    }
    if (text.front() == '/') {
        head.target = text;
        return {};
    }
    std::size_t scheme = 0;
    if (iequals(text.substr(0, 7), "http://"))
        scheme = 7;
    else if (iequals(text.substr(0, 8), "https://"))
        scheme = 8;
    else
        return {400, "bad target"};
    auto rest = text.substr(scheme);
    auto end = rest.find_first_of("/?");
    head.authority = rest.substr(0, end);
    if (!is_host(head.authority)) return {400, "bad authority"};
    // "http://a?b" has an empty path, which origin-form writes as "/"; views cannot insert one, so it is
    // refused.
    if (end != std::string_view::npos && rest[end] == '?') return {400, "absolute target without a path"};
    head.target = end == std::string_view::npos ? std::string_view("/") : rest.substr(end);
    return {};
}

Refusal read_request_line(std::string_view line, RequestHead& head) {
    auto first = line.find(' ');
    auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return {400, "bad request line"};
    head.method = line.substr(0, first);
    if (!is_token(head.method)) return {400, "bad method"};
    auto target = line.substr(first + 1, last - first - 1);
    if (auto refusal = read_version(line.substr(last + 1), head.minor_version)) return refusal;
    if (head.method == "CONNECT" || head.method == "TRACE") return {405, "method not offered"};
    return read_target(target, head);
}

Refusal read_request(std::string_view data, RequestHead& head) {
    auto line_end = data.find("\r\n");
    if (auto refusal = read_request_line(data.substr(0, line_end), head)) return refusal;
    Meaning meaning;
    if (auto refusal = read_fields(data, line_end + 2, head.fields, meaning)) return refusal;
    if (meaning.hosts > 1) return {400, "more than one Host"};
    if (meaning.hosts == 0 && head.minor_version >= 1) return {400, "no Host"};
    if (meaning.hosts == 1 && !is_host(meaning.host)) return {400, "bad Host"};
    if (head.authority.empty()) head.authority = meaning.host;
    if (auto refusal = read_framing(meaning, head)) return refusal;
    head.keep_alive = head.minor_version >= 1 ? !meaning.close : meaning.keep_alive && !meaning.close;
    if (meaning.has_expect && head.minor_version >= 1) {
        if (!iequals(meaning.expect, "100-continue")) return {417, "unknown expectation"};
        head.expects_continue = true;
    }
    head.upgrades_to_websocket =
        meaning.upgrade && meaning.websocket && head.method == "GET" && head.minor_version >= 1 &&
        (head.framing == Framing::None || (head.framing == Framing::Length && head.content_length == 0));
    return {};
}

Refusal read_response(std::string_view data, ResponseHead& head, bool to_head) {
    auto line = data.substr(0, data.find("\r\n"));
    if (line.size() < 12 || line[8] != ' ') return {502, "bad status line"};
    if (read_version(line.substr(0, 8), head.minor_version)) return {502, "bad version"};
    auto code = parse_number(line.substr(9, 3));
    if (!code || *code < 100 || *code > 599 || (line.size() > 12 && line[12] != ' '))
        return {502, "bad status"};
    head.status = static_cast<int>(*code);
    head.reason = line.size() > 13 ? line.substr(13) : std::string_view{};
    if (!is_field_value(head.reason)) return {502, "bad reason"};
    Meaning meaning;
    if (auto refusal = read_fields(data, line.size() + 2, head.fields, meaning)) return {502, refusal.reason};
    if (auto refusal = read_framing(meaning, head)) return {502, refusal.reason};
    head.keep_alive = head.minor_version >= 1 ? !meaning.close : meaning.keep_alive && !meaning.close;
    bool no_body = to_head || head.status < 200 || head.status == 204 || head.status == 304;
    if (no_body)
        head.framing = Framing::None;
    else if (head.framing == Framing::None) {
        head.framing = Framing::UntilClose;
        head.keep_alive = false;
    }
    return {};
}

}  // namespace

bool is_token(std::string_view text) {
    return !text.empty() && all(text, Token);
}

bool is_field_value(std::string_view text) {
    return all(text, Value);
}

bool is_host(std::string_view text) {
    std::string_view port;
    if (text.starts_with('[')) {
        auto end = text.find(']');
        if (end == std::string_view::npos) return false;
        auto inside = text.substr(1, end - 1);
        if (inside.size() < 2 ||
            inside.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos)
            return false;
        port = text.substr(end + 1);
    } else {
        auto colon = text.find(':');
        auto name = text.substr(0, colon);
        if (name.empty() || !all(name, HostChar) || !percents_are_whole(name)) return false;
        if (colon != std::string_view::npos) port = text.substr(colon);
    }
    if (port.empty()) return true;
    if (port[0] != ':') return false;
    auto number = parse_number(port.substr(1));
    return number && *number <= 65535;
}

HeadProgress RequestParser::parse(std::string_view data, RequestHead& head) {
    while (true) {
        auto at = data.find('\n', scanned_);
        if (at == std::string_view::npos) {
            scanned_ = data.size();
            break;
        }
        scanned_ = at + 1;
        if (at == 0 || data[at - 1] != '\r') return refused({400, "bare LF"});
        bool empty_line = at - line_start_ == 1;
        bool leading = line_start_ == head_start_;
        line_start_ = at + 1;
        if (empty_line && leading) {
            head_start_ = line_start_;
            if (head_start_ > 4) return refused({400, "empty lines before the request"});
        } else if (leading && at + 1 - head_start_ > kMostRequestLine + 2)
            return refused({414, "request line too long"});
        else if (empty_line) {
            if (at + 1 - head_start_ > kMostHead) return refused({431, "head too large"});
            head.reset();
            if (auto refusal = read_request(data.substr(head_start_, at + 1 - head_start_), head))
                return refused(refusal);
            return {HeadProgress::Complete, at + 1, 0, ""};
        }
    }
    auto size = data.size() - head_start_;
    if (line_start_ == head_start_ && size > kMostRequestLine + 2)
        return refused({414, "request line too long"});
    if (size > kMostHead) return refused({431, "head too large"});
    return {};
}

HeadProgress ResponseParser::parse(std::string_view data, ResponseHead& head, bool to_head) {
    while (true) {
        auto at = data.find('\n', scanned_);
        if (at == std::string_view::npos) {
            scanned_ = data.size();
            break;
        }
        scanned_ = at + 1;
        if (at == 0 || data[at - 1] != '\r') return refused({502, "bare LF"});
        bool empty_line = at - line_start_ == 1;
        bool first = line_start_ == 0;
        line_start_ = at + 1;
        if (!empty_line) continue;
        if (first) return refused({502, "empty status line"});
        if (at + 1 > kMostHead) return refused({502, "head too large"});
        head.reset();
        if (auto refusal = read_response(data.substr(0, at + 1), head, to_head)) return refused(refusal);
        return {HeadProgress::Complete, at + 1, 0, ""};
    }
    if (data.size() > kMostHead) return refused({502, "head too large"});
    return {};
}

BodyDecoder::BodyDecoder(Framing framing, std::uint64_t length)
    : framing_(framing),
      done_(framing == Framing::None || (framing == Framing::Length && length == 0)),
      left_(length) {
    if (framing != Framing::Length) left_ = 0;
}

namespace {
enum ChunkState {
    Size,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerLine,
    TrailerLf,
    EndLf
};
}

BodyDecoder::Step BodyDecoder::take(std::string_view input) {
    Step step;
    if (done_ || input.empty()) return step;
    if (framing_ == Framing::UntilClose) return {input.size(), input, false};
    if (framing_ == Framing::Length) {
        auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
        left_ -= n;
        done_ = left_ == 0;
        return {n, input.substr(0, n), false};
    }
    step.bad = true;  // every early return below is a violation
    for (std::size_t i = 0; i < input.size(); ++i) {
        char c = input[i];
        switch (state_) {
            case Size: {
                int digit = hex_digit(c);
                if (digit >= 0) {
                    if (++digits_ > 16) return step;
                    left_ = left_ << 4 | static_cast<unsigned>(digit);
                    break;
                }
                if (digits_ == 0 || left_ > kMostChunk) return step;
                line_ = 0;
                if (c == ';')
                    state_ = Extension;
                else if (c == '\r')
                    state_ = SizeLf;
                else
                    return step;
                break;
            }
            case Extension:
                if (c == '\r')
                    state_ = SizeLf;
                else if (!is(c, Value) || ++line_ > 256 || ++extensions_ > kMostExtensions)
                    return step;
                break;
            case SizeLf:
                if (c != '\n') return step;
                digits_ = 0;
                line_ = 0;
                state_ = left_ == 0 ? TrailerStart : Data;
                break;
            case Data: {
                auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - i));
                left_ -= n;
                if (left_ == 0) state_ = DataCr;
                return {i + n, input.substr(i, n), false};
            }
            case DataCr:
                if (c != '\r') return step;
                state_ = DataLf;
                break;
            case DataLf:
                if (c != '\n') return step;
                state_ = Size;
                break;
            case TrailerStart:
                if (c == '\r') {
                    state_ = EndLf;
                    break;
                }
                if (!is(c, Token)) return step;
                line_ = 0;  // 1 once the colon has come
                state_ = TrailerLine;
                if (++trailers_ > kMostTrailers) return step;
                break;
            case TrailerLine:
                if (++trailers_ > kMostTrailers) return step;
                if (c == '\r') {
                    if (line_ == 0) return step;
                    state_ = TrailerLf;
                } else if (line_ == 0 && c == ':')
                    line_ = 1;
                else if (line_ == 0 ? !is(c, Token) : !is(c, Value))
                    return step;
                break;
            case TrailerLf:
                if (c != '\n') return step;
                state_ = TrailerStart;
                break;
            case EndLf:
                if (c != '\n') return step;
                done_ = true;
                return {i + 1, {}, false};
        }
    }
    return {input.size(), {}, false};
}

}  // namespace seance::http
