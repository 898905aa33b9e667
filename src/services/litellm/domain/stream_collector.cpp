#include "services/litellm/domain/stream_collector.hpp"

#include <fmt/format.h>

#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {
namespace {

long index_of(const JsonValue& value) {
    auto number = json_number(json_find(value, "index"));
    return number && *number >= 0 && *number < 1e6 ? static_cast<long>(*number) : 0;
}

}  // namespace

void StreamCollector::feed(std::string_view sent) {
    size_ += sent.size();
    if (size_ > kMost) return;
    events_.feed(sent);
    while (auto data = events_.next()) {
        if (*data == "[DONE]")
            done_ = true;
        else
            take(*data);
    }
}

void StreamCollector::take(std::string_view chunk) {
    auto root = parse_json(chunk);
    if (!root || !root->is(JsonKind::Object)) return;
    auto keep = [&](std::string& into, std::string_view name) {
        if (auto value = json_find(*root, name); value && !value->is(JsonKind::Null)) into = value->text;
    };
    keep(id_, "id");
    keep(created_, "created");
    keep(model_, "model");
    keep(fingerprint_, "system_fingerprint");
    keep(usage_, "usage");
    auto choices = json_find(*root, "choices");
    if (!choices || !choices->is(JsonKind::Array)) return;
    for (auto& item : json_elements(*choices)) {
        if (!item.is(JsonKind::Object)) continue;
        auto& choice = choices_[index_of(item)];
        if (auto finish = json_text(json_find(item, "finish_reason"))) choice.finish = *finish;
        auto delta = json_find(item, "delta");
        if (!delta || !delta->is(JsonKind::Object)) continue;
        if (auto text = json_text(json_find(*delta, "content"))) {
            choice.content += *text;
            choice.said = true;
        }
        if (auto text = json_text(json_find(*delta, "reasoning_content"))) choice.reasoning += *text;
        auto calls = json_find(*delta, "tool_calls");
        if (!calls || !calls->is(JsonKind::Array)) continue;
        for (auto& part : json_elements(*calls)) {
            auto& call = choice.calls[index_of(part)];
            if (auto id = json_text(json_find(part, "id"))) call.id = *id;
            if (auto name = json_text(json_find(part, {"function", "name"}))) call.name += *name;
            if (auto more = json_text(json_find(part, {"function", "arguments"}))) call.arguments += *more;
        }
    }
}

std::optional<std::string> StreamCollector::completion() const {
    if (!done_ || size_ > kMost || choices_.empty() || id_.empty()) return std::nullopt;
    std::string choices;
    for (auto& [index, choice] : choices_) {
        if (choice.finish.empty()) return std::nullopt;
        auto message = fmt::format("{{\"role\":\"assistant\",\"content\":{}",
                                   choice.said || choice.calls.empty() ? json_quote(choice.content) : "null");
        if (!choice.reasoning.empty()) message += ",\"reasoning_content\":" + json_quote(choice.reasoning);
        std::string calls;
        for (auto& [at, call] : choice.calls)
            calls += fmt::format(
                "{}{{\"id\":{},\"type\":\"function\",\"function\":{{\"name\":{},\"arguments\":{}}}}}",
                calls.empty() ? "" : ",", json_quote(call.id), json_quote(call.name),
                json_quote(call.arguments));
        if (!calls.empty()) message += fmt::format(",\"tool_calls\":[{}]", calls);
        choices += fmt::format("{}{{\"index\":{},\"finish_reason\":{},\"message\":{}}}}}",
                               choices.empty() ? "" : ",", index, json_quote(choice.finish), message);
    }
    auto out = fmt::format("{{\"id\":{},\"object\":\"chat.completion\",\"created\":{},\"model\":{}", id_,
                           created_.empty() ? "0" : created_, model_.empty() ? "\"\"" : model_);
    if (!fingerprint_.empty()) out += ",\"system_fingerprint\":" + fingerprint_;
    out += fmt::format(",\"choices\":[{}]", choices);
    if (!usage_.empty()) out += ",\"usage\":" + usage_;
    return out + "}";
}

}  // namespace seance::litellm
