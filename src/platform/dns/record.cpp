#include "platform/dns/record.hpp"

#include <fmt/format.h>

#include <array>

#include "core/base/text.hpp"

namespace seance::dns {
namespace {

constexpr std::size_t kMostTxtString = 255;  // RFC 1035 section 3.3
constexpr std::size_t kMostName = 253;

constexpr std::array<std::pair<RecordType, std::string_view>, 4> kTypes{{
    {RecordType::A, "A"},
    {RecordType::Aaaa, "AAAA"},
    {RecordType::Cname, "CNAME"},
    {RecordType::Txt, "TXT"},
}};

}  // namespace

RecordType parse_record_type(std::string_view text) {
    for (const auto& [type, name] : kTypes)
        if (iequals(name, text)) return type;
    return RecordType::Other;
}

std::string_view spelling(RecordType type) {
    for (const auto& [known, name] : kTypes)
        if (known == type) return name;
    return {};
}

std::string plain_txt(std::string_view content) {
    auto text = trim(content);
    if (!text.starts_with('"')) return std::string(content);
    std::string out;
    bool inside = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '"') {
            inside = !inside;
        } else if (inside && c == '\\' && i + 1 < text.size()) {
            out += text[++i];
        } else if (inside) {
            out += c;
        } else if (c != ' ' && c != '\t') {
            return std::string(content);  // not a list of quoted strings after all
        }
    }
    return inside ? std::string(content) : out;
}

std::string quoted_txt(std::string_view plain) {
    std::string out = "\"";
    std::size_t length = 0;
    for (char c : plain) {
        if (length++ == kMostTxtString) {
            out += "\" \"";
            length = 1;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string plain_name(std::string_view name) {
    auto out = lower(trim(name));
    while (out.ends_with('.')) out.pop_back();
    return out;
}

std::string plain_content(RecordType type, std::string_view content) {
    switch (type) {
        case RecordType::Txt:
            return plain_txt(content);
        case RecordType::Cname:
        case RecordType::Aaaa:
        case RecordType::A:
            return plain_name(content);
        case RecordType::Other:
            break;
    }
    return std::string(trim(content));
}

bool same_content(const Record& a, const Record& b) {
    if (a.type != b.type || plain_name(a.name) != plain_name(b.name)) return false;
    if (a.type == RecordType::Other && !iequals(a.type_text, b.type_text)) return false;
    return plain_content(a.type, a.content) == plain_content(b.type, b.content);
}

bool is_up_to_date(const Record& live, const Record& wanted) {
    bool live_proxied = live.proxied.value_or(false), proxied = wanted.proxied.value_or(false);
    // A proxied record's time to live reads as automatic, whatever was asked for.
    bool same_ttl = proxied || live.ttl == wanted.ttl;
    return same_content(live, wanted) && live_proxied == proxied && same_ttl &&
           live.comment == wanted.comment;
}

std::string record_problem(const Record& record) {
    auto name = plain_name(record.name);
    if (name.empty() || name.size() > kMostName || name == "@" || name.find('.') == std::string::npos)
        return fmt::format("\"{}\" is no complete name for a DNS record", record.name);
    for (char c : name)
        if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f)
            return fmt::format("the name of a DNS record has to be in ASCII (Punycode) without spaces: {}",
                               record.name);
    if (record.type == RecordType::Other && record.type_text.empty())
        return fmt::format("{} has no type", name);
    if (record.content.empty()) return fmt::format("{} has no content", name);
    if (record.proxied.value_or(false) &&
        (record.type == RecordType::Txt || record.type == RecordType::Other))
        return fmt::format("{}: only A, AAAA and CNAME records can be proxied", name);
    if (record.ttl != 1 && (record.ttl < 30 || record.ttl > 86'400))
        return fmt::format("{}: a time to live is 1 (automatic) or 30 to 86400 seconds, not {}", name,
                           record.ttl);
    if (record.comment.size() > kMostComment)
        return fmt::format("{}: a comment has at most {} bytes, this one {}", name, kMostComment,
                           record.comment.size());
    if (record.comment.find_first_of("\r\n") != std::string::npos)
        return fmt::format("{}: a comment has no line breaks", name);
    return {};
}

}  // namespace seance::dns
