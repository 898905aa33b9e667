#include "platform/images/challenge.hpp"

#include "core/base/text.hpp"
#include "net/http/parser.hpp"

namespace seance::images {
namespace {

constexpr std::size_t kMostParameters = 32;

class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool done() const { return rest_.empty(); }
    std::string_view rest() const { return rest_; }

    void skip(std::string_view characters) {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
    }
    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::string_view token() {
        auto end = rest_.find_first_of(" \t,=\"");
        auto text = rest_.substr(0, end);
        if (!http::is_token(text)) return {};
        rest_.remove_prefix(text.size());
        return text;
    }
    // What stands between quotes, with \x read as x; nothing if the closing one is missing.
    bool quoted(std::string& out) {
        while (!rest_.empty()) {
            if (take('"')) return true;
            if (take('\\') && rest_.empty()) return false;
            out.push_back(rest_.front());
            rest_.remove_prefix(1);
        }
        return false;
    }

  private:
    std::string_view rest_;
};

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view value) {
    std::vector<Challenge> challenges;
    Scanner scan(value);
    for (scan.skip(" \t,"); !scan.done(); scan.skip(" \t,")) {
        auto name = scan.token();
        if (name.empty()) break;
        scan.skip(" \t");
        if (!scan.take('=')) {  // not name=value, so a scheme
            if (challenges.size() == kMostChallenges) break;
            challenges.push_back({lower(name), {}});
            // "Negotiate YII=": one opaque word in place of parameters is of no use to us.
            auto word = scan.rest().substr(0, scan.rest().find_first_of(" \t,"));
            if (word.ends_with('=')) {
                scan = Scanner(scan.rest().substr(word.size()));
            }
            continue;
        }
        if (challenges.empty() || challenges.back().parameters.size() == kMostParameters) break;
        scan.skip(" \t");
        std::string text;
        if (scan.take('"')) {
            if (!scan.quoted(text)) break;
        } else {
            text = scan.token();
        }
        challenges.back().parameters.emplace(lower(name), std::move(text));
    }
    return challenges;
}

}  // namespace seance::images
