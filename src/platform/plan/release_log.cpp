#include "platform/plan/release_log.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "core/base/text.hpp"
#include "platform/remote/json_view.hpp"

namespace seance::plan {

namespace json = boost::json;

std::string print_release_number(int number) {
    return fmt::format("r{}", number);
}

std::optional<int> parse_release_number(std::string_view text) {
    if (text.size() < 2 || text.front() != 'r') return std::nullopt;
    text.remove_prefix(1);
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < 1) return std::nullopt;
    return number;
}

std::string ReleaseMark::print() const {
    if (number == 0) return commit;
    auto text = print_release_number(number) + " " + commit;
    if (back_to > 0) text += " back " + print_release_number(back_to);
    return text;
}

ReleaseMark ReleaseMark::parse(std::string_view text) {
    ReleaseMark mark;
    const auto words = split(text, ' ');
    const auto number = words.size() >= 2 ? parse_release_number(words[0]) : std::nullopt;
    if (!number) {
        mark.commit = std::string(trim(text));
        return mark;
    }
    mark.number = *number;
    mark.commit = std::string(words[1]);
    if (words.size() == 4 && words[2] == "back") mark.back_to = parse_release_number(words[3]).value_or(0);
    return mark;
}

ReleaseLog ReleaseLog::parse(std::string_view text) {
    ReleaseLog log;
    const auto value = remote::parse_json(text);
    if (!value) return log;
    const remote::JsonView view(*value);
    log.last_ = static_cast<int>(std::clamp<std::int64_t>(view["last"].integer().value_or(0), 0, 1'000'000));
    if (const auto open = view["open"].text()) log.open_ = ReleaseMark::parse(*open);
    for (const auto item : view["seen"].items()) {
        const auto word = item.text_or();
        if (word.size() < 2 || (word.front() != '+' && word.front() != '-')) continue;
        log.verdicts_.push_back({word.substr(1), word.front() == '+'});
    }
    return log;
}

std::string ReleaseLog::print() const {
    json::array seen;
    for (const auto& one : verdicts_) seen.emplace_back((one.good ? "+" : "-") + one.deployment);
    json::object made{{"last", last_}, {"seen", std::move(seen)}};
    if (open_) made["open"] = open_->print();
    return json::serialize(made);
}

ReleaseMark ReleaseLog::begin(const std::string& commit, int back_to, int highest) {
    if (open_ && open_->number >= highest && open_->commit == commit && open_->back_to == back_to)
        return *open_;
    last_ = std::max(last_, highest) + 1;
    open_ = ReleaseMark{last_, commit, back_to};
    return *open_;
}

void ReleaseLog::note(const std::string& deployment, bool good) {
    const auto known = std::find_if(verdicts_.begin(), verdicts_.end(),
                                    [&](const Verdict& one) { return one.deployment == deployment; });
    if (known != verdicts_.end()) {
        known->good = good;
        return;
    }
    verdicts_.push_back({deployment, good});
    if (verdicts_.size() > kMostVerdicts) verdicts_.erase(verdicts_.begin());
}

std::optional<bool> ReleaseLog::was_good(std::string_view deployment) const {
    for (const auto& one : verdicts_)
        if (one.deployment == deployment) return one.good;
    return std::nullopt;
}

}  // namespace seance::plan
