#include "platform/secrets/env_file.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"
#include "platform/secrets/file_bytes.hpp"
#include "platform/stack/field_reader.hpp"

namespace seance::secrets {

namespace {

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

class EnvFileParser {
  public:
    explicit EnvFileParser(std::string_view text) : text_(text) {}

    ParsedEnvFile parse() {
        if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
        if (text_.find('\0') != std::string_view::npos || !is_utf8(text_)) {
            problem("the file is not UTF-8 text");
            return std::move(parsed_);
        }
        while (at_ < text_.size()) {
            line_of_name_ = line_;
            line();
            skip_line();
        }
        return std::move(parsed_);
    }

  private:
    void line() {
        skip_blanks();
        if (at_end_of_line() || peek() == '#') return;
        auto name = take_until([](char c) { return c == '=' || is_blank(c); });
        if (name == "export" && !at_end_of_line() && is_blank(peek())) {
            skip_blanks();
            name = take_until([](char c) { return c == '=' || is_blank(c); });
        }
        if (at_end_of_line() || peek() != '=')
            return problem("it is not of the form NAME=value, without spaces around the =");
        ++at_;
        if (!stack::is_variable(name) || name.size() > kLongestName)
            return problem("what stands before the = is no name of a variable: letters, digits and _");
        std::string value;
        if (!take_value(value)) return wipe(value);
        const auto [first, fresh] = lines_.emplace(name, line_of_name_);
        if (fresh)
            parsed_.values.emplace(name, SecretText(std::move(value)));
        else
            problem(fmt::format("{} is given twice; the first is on line {}", name, first->second));
        wipe(value);
    }

    bool take_value(std::string& value) {
        if (at_end_of_line()) return true;
        const char quote = peek();
        if (quote != '\'' && quote != '"') return take_plain(value);
        ++at_;
        if (!take_quoted(quote, value)) return false;
        const auto end = at_;
        skip_blanks();
        if (at_end_of_line() || (peek() == '#' && at_ != end)) return true;
        problem(
            "something follows the closing quote; a quote inside '…' cannot be written, inside \"…\" it is "
            "\\\"");
        return false;
    }

    bool take_plain(std::string& value) {
        const auto taken = take_until(is_blank);
        if (taken.find_first_of("'\"`$\\") != std::string_view::npos) {
            problem("a value with a quote, $, ` or \\ must stand in single quotes: NAME='value'");
            return false;
        }
        skip_blanks();
        if (!at_end_of_line() && peek() != '#') {
            problem("a value with a space must stand in quotes: NAME='value'");
            return false;
        }
        value = taken;
        return true;
    }

    bool take_quoted(char quote, std::string& value) {
        // Made as large as it becomes at once, so that growing leaves no copies behind that nobody wipes.
        value.reserve(length_of_quoted(quote));
        bool good = true;
        for (; at_ < text_.size() && peek() != quote; ++at_) {
            char c = peek();
            if (c == '\n') ++line_;
            if (c == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') continue;
            if (quote == '"' && c == '\\')
                good = take_escape(c) && good;
            else if (quote == '"' && (c == '$' || c == '`')) {
                if (good)
                    problem(fmt::format("a {} inside \"…\" must be written \\{}, or the value stand in '…'",
                                        c, c));
                good = false;
            }
            value += c;
        }
        if (at_ == text_.size()) {
            problem("its value begins with a quote that is never closed");
            return false;
        }
        ++at_;
        return good;
    }

    std::size_t length_of_quoted(char quote) const {
        auto end = at_;
        while (end < text_.size() && text_[end] != quote) end += quote == '"' && text_[end] == '\\' ? 2 : 1;
        return std::min(end, text_.size()) - at_;
    }

    bool take_escape(char& c) {
        const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        constexpr std::string_view kEscapes = "nrt\"\\$`", kMeanings = "\n\r\t\"\\$`";
        const auto which = kEscapes.find(next);
        if (next == '\0' || which == std::string_view::npos) {
            problem(
                "a \\ inside \"…\" must be one of \\n \\r \\t \\\" \\\\ \\$ \\`, or the value stand in '…'");
            return false;
        }
        ++at_;
        c = kMeanings[which];
        return true;
    }

    template <class Stop>
    std::string_view take_until(Stop stop) {
        const auto start = at_;
        while (!at_end_of_line() && !stop(peek())) ++at_;
        return text_.substr(start, at_ - start);
    }
    char peek() const { return text_[at_]; }
    bool at_end_of_line() const {
        return at_ == text_.size() || peek() == '\n' || text_.substr(at_).starts_with("\r\n");
    }
    void skip_blanks() {
        while (!at_end_of_line() && is_blank(peek())) ++at_;
    }
    void skip_line() {
        at_ = std::min(text_.size(), text_.find('\n', at_));
        if (at_ == text_.size()) return;
        ++at_;
        ++line_;
    }
    void problem(std::string what) { parsed_.problems.push_back({line_of_name_, std::move(what)}); }

    static constexpr std::size_t kLongestName = 128;
    std::string_view text_;
    std::size_t at_ = 0;
    int line_ = 1, line_of_name_ = 1;
    std::map<std::string, int, std::less<>> lines_;
    ParsedEnvFile parsed_;
};

}  // namespace

ParsedEnvFile parse_env_file(std::string_view text) {
    return EnvFileParser(text).parse();
}

Outcome<Variables> EnvFile::values() const {
    auto file = read_file(path_);
    if (!file) return file.error();
    if ((file->mode & 077) != 0)
        return Failure{
            Reason::Exposed,
            fmt::format("{} is open to other users of this machine (mode {:o}): run `chmod 600 {}`", path_,
                        file->mode, path_)};
    const auto text = text_of(file->bytes);
    if (text.find("\nsops_mac=") != std::string_view::npos || text.starts_with("sops_mac="))
        return Failure{
            Reason::Invalid,
            fmt::format("{} is an env file encrypted by sops, of which groups cannot be made: keep "
                        "the secrets in YAML, as deploy/secrets.example.yaml shows",
                        path_)};
    auto parsed = parse_env_file(text);
    if (parsed.problems.empty()) return std::move(parsed.values);
    std::string all;
    for (const auto& one : parsed.problems)
        all += fmt::format("{}{}:{}: {}", all.empty() ? "" : "\n", path_, one.line, one.what);
    return Failure{Reason::Invalid, all};
}

Awaitable<Outcome<Bundle>> EnvFile::read() {
    auto read = values();
    if (!read) co_return read.error();
    Bundle bundle;
    for (auto& [name, value] : *read) bundle.flat[name].text = std::move(value);
    co_return bundle;
}

Outcome<LockedFile> EnvFile::names() const {
    const auto read = values();
    if (!read) return read.error();
    LockedFile file;
    for (const auto& [name, value] : *read) {
        LockedName one;
        one.name = name;
        one.kind = value.empty() ? LockedName::Empty : LockedName::InClear;
        file.names.push_back(std::move(one));
    }
    return file;
}

}  // namespace seance::secrets
