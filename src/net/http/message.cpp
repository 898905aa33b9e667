#include "net/http/message.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "net/http/parser.hpp"

namespace seance::http {
namespace {

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high << 4 | low);
            i += 2;
        } else
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
    return out;
}

}  // namespace

std::optional<std::string_view> FieldViews::find(std::string_view name) const {
    for (const Field& field : all())
        if (iequals(field.name, name)) return field.value;
    return std::nullopt;
}

bool FieldViews::lists(std::string_view name, std::string_view token) const {
    for (const Field& field : all()) {
        if (!iequals(field.name, name)) continue;
        for (std::string_view rest = field.value; !rest.empty();) {
            auto comma = rest.find(',');
            if (iequals(trim(rest.substr(0, comma)), token)) return true;
            rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
        }
    }
    return false;
}

bool FieldViews::add(Field field) {
    if (fields_.size() == kMostFields) return false;
    fields_.push_back(field);
    return true;
}

Fields::Fields(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    for (auto [name, value] : fields) add(name, value);
}

void Fields::add(std::string_view name, std::string_view value) {
    if (!is_token(name) || !is_field_value(value)) return;
    if (fields_.size() == fields_.capacity()) fields_.reserve(std::max<std::size_t>(4, 2 * fields_.size()));
    fields_.emplace_back(name, value);
}

void Fields::set(std::string_view name, std::string_view value) {
    remove(name);
    add(name, value);
}

void Fields::remove(std::string_view name) {
    std::erase_if(fields_, [&](const auto& field) { return iequals(field.first, name); });
}

std::optional<std::string_view> Fields::find(std::string_view name) const {
    for (const auto& [own, value] : fields_)
        if (iequals(own, name)) return value;
    return std::nullopt;
}

void RequestHead::reset() {
    method = target = authority = {};
    minor_version = 1;
    fields.clear();
    framing = Framing::None;
    content_length = 0;
    keep_alive = true;
    expects_continue = upgrades_to_websocket = false;
}

void ResponseHead::reset() {
    status = 0;
    minor_version = 1;
    reason = {};
    fields.clear();
    framing = Framing::None;
    content_length = 0;
    keep_alive = true;
}

std::string_view RequestHead::query() const {
    auto at = target.find('?');
    return at == std::string_view::npos ? std::string_view{} : target.substr(at + 1);
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 100:
            return "Continue";
        case 101:
            return "Switching Protocols";
        case 103:
            return "Early Hints";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 207:
            return "Multi-Status";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 411:
            return "Length Required";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 416:
            return "Range Not Satisfiable";
        case 417:
            return "Expectation Failed";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Content";
        case 426:
            return "Upgrade Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        case 508:
            return "Loop Detected";
        default:
            return "";
    }
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
    for (auto part : split(query, '&')) {
        auto equals = part.find('=');
        if (decode(part.substr(0, equals), true) != name) continue;
        return decode(equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1), true);
    }
    return std::nullopt;
}

std::optional<std::string> percent_decode(std::string_view text) {
    return decode(text, false);
}

std::string percent_encode(std::string_view text, bool keep_slash) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    for (char c : text) {
        auto byte = static_cast<unsigned char>(c);
        bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '.' || c == '_' || c == '~' || (keep_slash && c == '/');
        if (plain)
            out += c;
        else {
            out += '%';
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        }
    }
    return out;
}

}  // namespace seance::http
