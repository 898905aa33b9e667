#include "services/litellm/routing/decision.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {
namespace {

// A line of the log stays readable, however many deployments a group has.
constexpr std::size_t kMostText = 4096;

void add(std::string& list, const std::string& item) {
    if (list.size() > kMostText) return;
    if (!list.empty()) list += ',';
    list += item;
}

}  // namespace

void Decision::considered(std::string_view group, std::span<const Option> options,
                          const Candidates& candidates) {
    if (!wanted_) return;
    std::string able, out;
    for (std::size_t i = 0; i < options.size(); ++i) {
        auto id = json_quote(options[i].deployment->id);
        if (candidates.dropped[i] == Dropped::No)
            add(able, id);
        else
            add(out, fmt::format("{}:\"{}\"", id, dropped_word(candidates.dropped[i])));
    }
    add(rounds_, fmt::format("{{\"group\":{},\"candidates\":[{}]{}}}", json_quote(group), able,
                             out.empty() ? "" : fmt::format(",\"left_out\":{{{}}}", out)));
}

void Decision::attempt(std::string_view id, bool hedge) {
    if (wanted_ && hedge) add(attempts_, fmt::format("{{\"deployment\":{},\"hedge\":true}}", json_quote(id)));
}

void Decision::attempt_ended(std::string_view id, const ApiError* error, Duration took) {
    if (!wanted_) return;
    auto failure = error ? fmt::format(",\"error\":\"{}\",\"status\":{}", class_name(error->error_class()),
                                       error->status)
                         : std::string();
    add(attempts_, fmt::format("{{\"deployment\":{}{},\"ms\":{:.3f}}}", json_quote(id), failure,
                               std::chrono::duration<double, std::milli>(took).count()));
}

void Decision::cooled(std::string_view id, Duration time) {
    if (wanted_)
        add(cooldowns_,
            fmt::format("{}:{:.3f}", json_quote(id), std::chrono::duration<double>(time).count()));
}

void Decision::fell_back(std::string_view model) {
    if (wanted_) add(fallbacks_, json_quote(model));
}

std::string Decision::log_fields(Strategy strategy) const {
    if (!wanted_) return "";
    auto out = fmt::format(",\"routing\":{{\"strategy\":\"{}\",\"considered\":[{}],\"attempts\":[{}]",
                           strategy_name(strategy), rounds_, attempts_);
    if (!cooldowns_.empty()) out += fmt::format(",\"cooldowns_s\":{{{}}}", cooldowns_);
    if (!fallbacks_.empty()) out += fmt::format(",\"fallbacks\":[{}]", fallbacks_);
    return out + "}";
}

}  // namespace seance::litellm
