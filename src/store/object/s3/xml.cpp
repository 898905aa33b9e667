#include "store/object/s3/xml.hpp"

#include <cctype>

#include "core/base/text.hpp"

namespace seance::object {
namespace {

constexpr int kDeepest = 32;

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.' || c == ':';
}

bool append_code_point(std::string& out, std::uint64_t code) {
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
    auto byte = [&](std::uint64_t value) { out += static_cast<char>(value); };
    if (code < 0x80) {
        byte(code);
    } else if (code < 0x800) {
        byte(0xc0 | code >> 6);
        byte(0x80 | (code & 63));
    } else if (code < 0x10000) {
        byte(0xe0 | code >> 12);
        byte(0x80 | (code >> 6 & 63));
        byte(0x80 | (code & 63));
    } else {
        byte(0xf0 | code >> 18);
        byte(0x80 | (code >> 12 & 63));
        byte(0x80 | (code >> 6 & 63));
        byte(0x80 | (code & 63));
    }
    return true;
}

bool append_entity(std::string& out, std::string_view name) {
    if (name == "amp") return out += '&', true;
    if (name == "lt") return out += '<', true;
    if (name == "gt") return out += '>', true;
    if (name == "quot") return out += '"', true;
    if (name == "apos") return out += '\'', true;
    if (name.size() < 2 || name.size() > 8 || name[0] != '#') return false;
    std::uint64_t code = 0;
    if (name[1] == 'x') {
        for (char c : name.substr(2)) {
            if (!std::isxdigit(static_cast<unsigned char>(c))) return false;
            code = code * 16 + static_cast<std::uint64_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }
        return name.size() > 2 && append_code_point(out, code);
    }
    auto number = parse_number(name.substr(1));
    return number && append_code_point(out, *number);
}

class Parser {
  public:
    explicit Parser(std::string_view text) : rest_(text) {}

    std::optional<Element> document() {
        if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);
        if (!skip_between()) return std::nullopt;
        Element root;
        if (!element(root, 0) || !skip_between() || !rest_.empty()) return std::nullopt;
        return root;
    }

  private:
    void skip_spaces() {
        while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
    }
    bool take(std::string_view token) {
        if (!rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        return true;
    }
    bool skip_past(std::string_view end) {
        auto at = rest_.find(end);
        if (at == std::string_view::npos) return false;
        rest_.remove_prefix(at + end.size());
        return true;
    }
    // White space, comments and processing instructions outside the root.
    bool skip_between() {
        while (true) {
            skip_spaces();
            if (take("<?")) {
                if (!skip_past("?>")) return false;
            } else if (take("<!--")) {
                if (!skip_past("-->")) return false;
            } else {
                return true;
            }
        }
    }
    std::string_view name() {
        std::size_t size = 0;
        while (size < rest_.size() && is_name(rest_[size])) ++size;
        auto found = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return found;
    }
    bool skip_attributes() {
        while (true) {
            skip_spaces();
            if (rest_.empty()) return false;
            if (rest_.front() == '>' || rest_.front() == '/') return true;
            if (name().empty()) return false;
            skip_spaces();
            if (!take("=")) return false;
            skip_spaces();
            if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) return false;
            char quote[] = {rest_.front(), '\0'};
            rest_.remove_prefix(1);
            if (!skip_past(quote)) return false;
        }
    }
    bool element(Element& into, int depth) {
        if (depth > kDeepest || !take("<")) return false;
        auto full = name();
        if (full.empty() || !skip_attributes()) return false;
        into.name = full.substr(full.find(':') == std::string_view::npos ? 0 : full.find(':') + 1);
        if (take("/>")) return true;
        if (!take(">")) return false;
        return content(into, depth) && name() == full && (skip_spaces(), take(">"));
    }
    // Up to and with "</".
    bool content(Element& into, int depth) {
        while (!rest_.empty()) {
            if (take("</")) return true;
            if (take("<!--")) {
                if (!skip_past("-->")) return false;
            } else if (take("<![CDATA[")) {
                auto begin = rest_;
                if (!skip_past("]]>")) return false;
                into.text += begin.substr(0, begin.size() - rest_.size() - 3);
            } else if (rest_.front() == '<') {
                if (!element(into.children.emplace_back(), depth + 1)) return false;
            } else if (take("&")) {
                auto end = rest_.find(';');
                if (end == std::string_view::npos || !append_entity(into.text, rest_.substr(0, end)))
                    return false;
                rest_.remove_prefix(end + 1);
            } else {
                auto plain = rest_.substr(0, rest_.find_first_of("<&"));
                into.text += plain;
                rest_.remove_prefix(plain.size());
            }
        }
        return false;
    }

    std::string_view rest_;
};

}  // namespace

const Element* Element::find(std::string_view child) const {
    for (const auto& element : children)
        if (element.name == child) return &element;
    return nullptr;
}

std::string_view Element::value(std::string_view child) const {
    auto* found = find(child);
    return found ? std::string_view(found->text) : std::string_view{};
}

std::optional<Element> parse_xml(std::string_view text) {
    return Parser(text).document();
}

std::string escape_xml(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

}  // namespace seance::object
