#include "services/signaling/message.hpp"

#include <fmt/format.h>

#include "core/base/json_string.hpp"
#include "services/signaling/json_scanner.hpp"

namespace seance::signaling {
namespace {

class Category final : public boost::system::error_category {
  public:
    const char* name() const noexcept override { return "signaling"; }
    std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::NotJson:
                return "the message is not JSON";
            case Errc::NotAnObject:
                return "the message is not a JSON object";
            case Errc::WrongType:
                return "type and topic have to be strings, topics an array";
            case Errc::TooDeep:
                return "the message is nested too deeply";
        }
        return "unknown";
    }
};

// A publish has a type, so it is never the first field.
constexpr std::string_view kField = ",\"clients\":";

// A field's value as it stands in the text; `kind` is its first character, 0 if the field is absent.
struct Value {
    char kind = 0;
    std::string_view raw;  // of a string: between its quotes
    bool escaped = false;
    std::size_t begin = 0;

    bool absent() const { return kind == 0 || kind == 'n'; }
};

bool read(JsonScanner& scan, Value& value) {
    value = {};
    value.kind = scan.peek();
    value.begin = scan.position();
    return value.kind == '"' ? scan.string(value.raw, value.escaped) : scan.value();
}

Message::Type type_named(std::string_view name) {
    if (name == "publish") return Message::Type::Publish;
    if (name == "ping") return Message::Type::Ping;
    if (name == "subscribe") return Message::Type::Subscribe;
    if (name == "unsubscribe") return Message::Type::Unsubscribe;
    return Message::Type::Ignored;
}

}  // namespace

error_code make_error_code(Errc code) {
    static const Category category;
    return {static_cast<int>(code), category};
}

std::string_view MessageParser::decode(std::string_view raw, bool escaped) {
    if (!escaped) return raw;
    // Kept halves: two topics that differ stay two topics.
    return decoded_.emplace_back(unescape_json(raw, LoneSurrogate::Keep));
}

Result<const Message*> MessageParser::parse(std::string_view text) {
    message_.type = Message::Type::Ignored;
    message_.topic = {};
    message_.topics.clear();
    message_.clients.clear();
    message_.text = text;
    decoded_.clear();

    JsonScanner scan(text);
    auto not_json = [&] { return make_error_code(scan.too_deep() ? Errc::TooDeep : Errc::NotJson); };
    if (scan.peek() != '{') {
        if (!scan.value() || !scan.at_end()) return not_json();
        return make_error_code(Errc::NotAnObject);
    }
    scan.take('{');
    Value type, topic, topics, any;
    for (bool first = true; !scan.take('}'); first = false) {
        Value key;
        if (!first && !scan.take(',')) return not_json();
        if (!scan.string(key.raw, key.escaped) || !scan.take(':')) return not_json();
        auto name = decode(key.raw, key.escaped);
        Value& value = name == "type" ? type : name == "topic" ? topic : name == "topics" ? topics : any;
        if (!read(scan, value)) return not_json();
        if (name == "clients") message_.clients.push_back({value.begin, scan.position()});
    }
    message_.closing_brace = scan.position() - 1;
    if (!scan.at_end()) return not_json();

    if (type.absent()) return &message_;
    if (type.kind != '"') return make_error_code(Errc::WrongType);
    message_.type = type_named(decode(type.raw, type.escaped));
    if (message_.type == Message::Type::Publish && !topic.absent()) {
        if (topic.kind != '"') return make_error_code(Errc::WrongType);
        message_.topic = decode(topic.raw, topic.escaped);
    }
    bool lists = message_.type == Message::Type::Subscribe || message_.type == Message::Type::Unsubscribe;
    if (lists && !topics.absent()) {
        if (topics.kind != '[') return make_error_code(Errc::WrongType);
        JsonScanner list(text.substr(topics.begin));  // a second time over a text that is known to be good
        list.take('[');
        while (!list.take(']')) {
            read(list, any);
            if (any.kind == '"') message_.topics.push_back(decode(any.raw, any.escaped));
            list.take(',');
        }
    }
    return &message_;
}

// --- relays -----------------------------------------------------------------------------------------------

Relay::Relay(std::string_view text, std::span<const Message::Gap> gaps, std::size_t closing_brace,
             std::size_t clients)
    : text_(text),
      gaps_(gaps),
      closing_brace_(closing_brace),
      clients_(fmt::format_int(clients).str()),
      bytes_(text.size()) {
    if (gaps_.empty()) bytes_ += kField.size() + clients_.size();
    for (auto gap : gaps_) bytes_ += clients_.size() - (gap.end - gap.begin);
}

std::optional<Relay> Relay::of_parsed(std::string_view text, std::size_t clients) {
    const auto closing_brace = text.find_last_not_of(" \t\r\n");
    const bool is_plain = closing_brace != std::string_view::npos && text[closing_brace] == '}' &&
                          text.find("clients") == std::string_view::npos &&
                          text.find('\\') == std::string_view::npos;
    if (!is_plain) return std::nullopt;
    return Relay(text, {}, closing_brace, clients);
}

void Relay::append_frame(std::string& out) const {
    websocket::append_head(out, websocket::Opcode::Text, bytes_);
    std::size_t done = 0;
    for (auto gap : gaps_) {
        out.append(text_, done, gap.begin - done).append(clients_);
        done = gap.end;
    }
    if (gaps_.empty()) {
        out.append(text_, 0, closing_brace_).append(kField).append(clients_);
        done = closing_brace_;
    }
    out.append(text_, done);
}

}  // namespace seance::signaling
