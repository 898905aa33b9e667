#include "services/litellm/routing/decision.hpp"

#include <fmt/format.h>

#include "core/base/duration.hpp"
#include "core/observe/log.hpp"
#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {
namespace {

// A line of the log stays readable, however many deployments a group has.
constexpr std::size_t kMostText = 4096;

// Whether `list` takes one more item; begins it.
bool begin_item(std::string& list) {
    if (list.size() > kMostText) return false;
    if (!list.empty()) list += ',';
    return true;
}

}  // namespace

void Decision::considered(std::string_view group, std::span<const Option> options,
                          const Candidates& candidates) {
    if (!wanted_) return;
    std::string able, out;
    for (std::size_t i = 0; i < options.size(); ++i) {
        bool stays = candidates.dropped[i] == Dropped::No;
        auto& list = stays ? able : out;
        if (!begin_item(list)) continue;
        observe::append_json_string(list, options[i].deployment->id);
        if (!stays) list.append(":\"").append(dropped_word(candidates.dropped[i])).append("\"");
    }
    if (!begin_item(rounds_)) return;
    rounds_ += "{\"group\":";
    observe::append_json_string(rounds_, group);
    rounds_.append(",\"candidates\":[").append(able).append("]");
    if (!out.empty()) rounds_.append(",\"left_out\":{").append(out).append("}");
    rounds_ += '}';
}

void Decision::attempt(std::string_view id, bool hedge) {
    if (!wanted_ || !hedge || !begin_item(attempts_)) return;
    attempts_.append("{\"deployment\":").append(json_quote(id)).append(",\"hedge\":true}");
}

void Decision::attempt_ended(std::string_view id, const ApiError* error, Duration took) {
    if (!wanted_ || !begin_item(attempts_)) return;
    attempts_ += "{\"deployment\":";
    observe::append_json_string(attempts_, id);
    if (error)
        attempts_ +=
            fmt::format(",\"error\":\"{}\",\"status\":{}", class_name(error->error_class()), error->status);
    attempts_ += ",\"ms\":";
    append_ms(attempts_, took);
    attempts_ += '}';
}

void Decision::cooled(std::string_view id, Duration time) {
    if (wanted_ && begin_item(cooldowns_))
        cooldowns_ += fmt::format("{}:{:.3f}", json_quote(id), std::chrono::duration<double>(time).count());
}

void Decision::fell_back(std::string_view model) {
    if (wanted_ && begin_item(fallbacks_)) observe::append_json_string(fallbacks_, model);
}

std::string Decision::log_fields(Strategy strategy) const {
    if (!wanted_) return "";
    std::string out;
    out.reserve(128 + rounds_.size() + attempts_.size() + cooldowns_.size() + fallbacks_.size());
    out.append(",\"routing\":{\"strategy\":\"").append(strategy_name(strategy));
    out.append("\",\"considered\":[").append(rounds_);
    out.append("],\"attempts\":[").append(attempts_).append("]");
    if (!cooldowns_.empty()) out.append(",\"cooldowns_s\":{").append(cooldowns_).append("}");
    if (!fallbacks_.empty()) out.append(",\"fallbacks\":[").append(fallbacks_).append("]");
    return out.append("}");
}

}  // namespace seance::litellm
