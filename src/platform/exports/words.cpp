#include "platform/exports/words.hpp"

namespace seance::exports {

namespace {

// What means something to a shell outside quotes. A '#' or '~' only at the start of a word, but to let a
// shell see to it is never wrong.
constexpr std::string_view kOfShells = "|&;<>()$`*?[]{}#~\n";
constexpr std::string_view kOfShellsInQuotes = "$`";

// Empty if it takes a shell.
std::vector<std::string> plain_words(std::string_view text) {
    std::vector<std::string> words;
    bool in_word = false;
    char quote = '\0';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote == '\0' && (c == ' ' || c == '\t')) {
            in_word = false;
            continue;
        }
        if (quote == '\0' && kOfShells.find(c) != std::string_view::npos) return {};
        if (quote == '"' && kOfShellsInQuotes.find(c) != std::string_view::npos) return {};
        if (!in_word) words.emplace_back();
        in_word = true;
        if (quote != '\0' && c == quote)
            quote = '\0';
        else if (quote == '\0' && (c == '"' || c == '\''))
            quote = c;
        else if (c == '\\' && quote != '\'') {
            if (++i == text.size()) return {};
            // In double quotes only some characters are escaped; before others the backslash stays.
            if (quote == '"' && text[i] != '"' && text[i] != '\\' && text[i] != '$' && text[i] != '`')
                words.back() += '\\';
            words.back() += text[i];
        } else
            words.back() += c;
    }
    return quote == '\0' ? words : std::vector<std::string>{};
}

}  // namespace

std::vector<std::string> command_words(std::string_view text) {
    auto words = plain_words(text);
    // NAME=value before a program is a shell's too.
    if (words.empty() || words.front().find('=') != std::string::npos)
        return {"/bin/sh", "-c", std::string(text)};
    return words;
}

}  // namespace seance::exports
