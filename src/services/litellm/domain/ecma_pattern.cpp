#include "services/litellm/domain/ecma_pattern.hpp"

#include <re2/re2.h>

#include <cstdint>
#include <cstdio>

#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

constexpr std::string_view kSpaces =
    R"(\t\n\v\f\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF})";
constexpr std::string_view kAnyButLineEnds = R"([^\n\r\x{2028}\x{2029}])";

class Translation {
  public:
    explicit Translation(std::string_view pattern) : rest_(pattern) {}

    std::optional<std::string> run() {
        while (good_ && !rest_.empty()) {
            if (rest_.front() == '\\')
                escape();
            else if (in_class_)
                class_member();
            else
                outside();
        }
        if (!good_ || in_class_) return std::nullopt;
        return std::move(out_);
    }

  private:
    std::string_view take(std::size_t count) {
        auto taken = rest_.substr(0, count);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    void keep(std::size_t count) { out_ += take(count); }

    void outside() {
        bool named = rest_.starts_with("(?<") && !rest_.starts_with("(?<=") && !rest_.starts_with("(?<!");
        bool asks = rest_.starts_with("(?") && !rest_.starts_with("(?:");
        if (rest_.starts_with("[^]")) {  // any character at all
            take(3);
            out_ += "(?s:.)";
        } else if (rest_.starts_with("[]") || (asks && !named)) {
            good_ = false;  // no character, which RE2 has no word for; looking around; or flags
        } else if (rest_.front() == '[') {
            in_class_ = true;
            keep(rest_.starts_with("[^") ? 2 : 1);
        } else if (rest_.front() == '.') {
            take(1);
            out_ += kAnyButLineEnds;
        } else if (named) {
            take(3);
            out_ += "(?P<";
        } else {
            keep(1);
        }
    }

    void class_member() {
        if (rest_.front() == ']') in_class_ = false;
        // "[:alpha:]" is a class of RE2's, and five letters of ECMA's.
        if (rest_.front() == '[') {
            take(1);
            out_ += "\\[";
        } else {
            keep(1);
        }
    }

    void escape() {
        if (rest_.size() < 2) {
            good_ = false;
            return;
        }
        char c = rest_[1];
        if (c == 'u') return code_point();
        if (c == 's' || c == 'S') return spaces(c == 'S');
        if (c == 'c') return control();
        if (c == '0' && (rest_.size() == 2 || rest_[2] < '0' || rest_[2] > '9')) {
            take(2);
            out_ += "\\x00";
        } else if (c == 'b' && in_class_) {  // a backspace
            take(2);
            out_ += "\\x08";
        } else if (c == '-') {
            take(2);
            out_ += "\\-";
        } else if (c == 'x') {
            good_ = rest_.size() >= 4 && hex_digit(rest_[2]) >= 0 && hex_digit(rest_[3]) >= 0;
            keep(4);
        } else if (std::string_view("dDwWbBfnrtvpP^$\\.*+?()[]{}|/").find(c) != std::string_view::npos) {
            keep(2);
        } else {
            good_ = false;  // a reference back, or a letter that is RE2's own
        }
    }

    // \uD83D\uDE00, \u00E9 or \u{1F600}
    void code_point() {
        std::uint32_t value = 0;
        if (rest_.starts_with("\\u{")) {
            auto end = rest_.find('}');
            auto digits = end == std::string_view::npos ? std::string_view() : rest_.substr(3, end - 3);
            good_ = !digits.empty() && digits.size() <= 6 && read_hex(digits, value) && value <= 0x10ffff;
            take(end == std::string_view::npos ? rest_.size() : end + 1);
        } else {
            value = unit();
            if (value >= 0xd800 && value < 0xdc00 && rest_.starts_with("\\u"))
                value = 0x10000 + ((value - 0xd800) << 10) + (unit() - 0xdc00);
            good_ = good_ && (value < 0xd800 || value > 0xdfff) && value <= 0x10ffff;
        }
        if (!good_) return;
        char text[16];
        std::snprintf(text, sizeof text, "\\x{%X}", value);
        out_ += text;
    }
    std::uint32_t unit() {
        std::uint32_t value = 0;
        auto digits = rest_.size() >= 6 ? rest_.substr(2, 4) : std::string_view();
        good_ = good_ && !digits.empty() && read_hex(digits, value);
        take(6);
        return value;
    }
    static bool read_hex(std::string_view digits, std::uint32_t& value) {
        for (char c : digits) {
            const int digit = hex_digit(c);
            if (digit < 0) return false;
            value = value * 16 + static_cast<std::uint32_t>(digit);
        }
        return true;
    }

    void spaces(bool other) {
        take(2);
        good_ = !in_class_ || !other;  // everything but spaces, inside of a class: RE2 has no word for it
        if (in_class_)
            out_ += kSpaces;
        else
            out_ += (other ? "[^" : "[") + std::string(kSpaces) + "]";
    }

    void control() {
        char letter = rest_.size() > 2 ? static_cast<char>(rest_[2] | 0x20) : '\0';
        good_ = letter >= 'a' && letter <= 'z';
        take(3);
        char text[8];
        std::snprintf(text, sizeof text, "\\x%02X", static_cast<unsigned>(letter - 'a' + 1) & 0x1fu);
        out_ += text;
    }

    std::string_view rest_;
    std::string out_;
    bool in_class_ = false, good_ = true;
};

}  // namespace

std::optional<std::string> in_words_of_re2(std::string_view pattern) {
    return Translation(pattern).run();
}

std::optional<EcmaPattern> EcmaPattern::parse(std::string_view pattern) {
    if (pattern.size() > kMostLength) return std::nullopt;
    auto words = in_words_of_re2(pattern);
    if (!words) return std::nullopt;
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kMostMemory);
    EcmaPattern parsed;
    parsed.compiled_ = std::make_shared<const re2::RE2>(*words, options);
    parsed.length_ = pattern.size();
    if (!parsed.compiled_->ok()) return std::nullopt;
    return parsed;
}

bool EcmaPattern::found_in(std::string_view text) const {
    return re2::RE2::PartialMatch({text.data(), text.size()}, *compiled_);
}

}  // namespace seance::litellm
