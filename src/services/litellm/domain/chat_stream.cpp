#include "services/litellm/domain/chat_stream.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

constexpr std::size_t kMostChoices = 1024;

bool is_empty(const JsonValue& value) {
    return value.is(JsonKind::Null) || value.text == "\"\"" ||
           (value.is(JsonKind::Array) && json_elements(value).empty());
}

}  // namespace

// Before the upstream has counted, what has come so far counts: a client that leaves early has used it.
const Usage& ChatStream::usage() const {
    if (usage_json_.empty()) usage_ = {context_.prompt_estimate, (content_bytes_ + 3) / 4, std::nullopt};
    return usage_;
}

ApiError ChatStream::broken(std::string_view why) const {
    return {.status = 502,
            .message =
                fmt::format("litellm.BadGatewayError: {}Exception - {}", context_.provider->error_name, why),
            .type = "internal_server_error",
            .retryable = true};
}

std::string ChatStream::chunk(std::string_view choices, std::string_view usage) const {
    return fmt::format(
        "{{\"id\":{},\"object\":\"chat.completion.chunk\",\"created\":{},\"model\":{},\"choices\":[{}]{}}}",
        id_, created_, json_quote(context_.model), choices,
        usage.empty() ? "" : fmt::format(",\"usage\":{}", usage));
}

void ChatStream::take(std::string_view data, Step& step) {
    if (done_) {  // data after [DONE]
        step.done = true;
        return;
    }
    if (take_alike(data, step)) return;
    alike_.forget();
    if (trim(data) == "[DONE]") return close(step);
    if (trim(data).empty()) return;
    auto root = parse_json(data);
    if (!root || !root->is(JsonKind::Object)) {
        done_ = true;
        step.error = broken("the upstream sent a chunk that is no JSON object");
        return;
    }
    if (auto error = error_in_answer(*root, context_)) {
        done_ = true;
        step.error = std::move(error);
        return;
    }
    JsonEdit edit(*root);
    fill_identity(edit, context_, "chat.completion.chunk");
    const bool first = !begun_ || !role_sent_;
    const auto bytes_before = content_bytes_;
    if (!begun_) {
        auto value_or = [&](std::string_view key, std::string fallback) {
            auto value = edit.find(key);
            return value && !is_empty(*value) ? std::string(value->text) : std::move(fallback);
        };
        id_ = value_or("id", json_quote(context_.id));
        created_ = value_or("created", std::to_string(context_.created));
        begun_ = true;
    } else {
        if (auto id = edit.find("id"); !id || id->text != id_) edit.set("id", id_);
        if (auto created = edit.find("created"); !created || created->text != created_)
            edit.set("created", created_);
    }
    auto choices = edit.find("choices");
    auto usage = edit.find("usage");
    bool no_choices = !choices || is_empty(*choices);
    if (auto read = read_usage(usage)) {
        usage_ = *read;
        usage_json_ = usage->text;
        if (no_choices) {
            // The one chunk that waits: usage may come in several, and the last one counts.
            edit.fill("choices", "[]");
            usage_chunk_ = one_line(edit.text());
            return;
        }
        edit.remove("usage");
    }
    OneText text;
    if (no_choices)
        edit.set("choices", "[]");
    else if (choices->is(JsonKind::Array))
        text = take_choices(edit, *choices, step);
    const auto json = one_line(edit.text());
    send(json, step);
    if (!text || first) return;
    OneText padding;  // OpenAI's, so that nobody learns from the sizes of encrypted chunks
    for (const auto& member : edit.members())
        if (member.key == "obfuscation" && member.value.is(JsonKind::String)) padding.emplace(member);
    other_bytes_ = content_bytes_ - bytes_before - text->value.size();
    alike_.learn(data, json, *text, padding);
}

// True: it was as the last one but for its text, and did to this stream what that did.
bool ChatStream::take_alike(std::string_view data, Step& step) {
    const auto alike = alike_.match(data);
    if (!alike || alike->value == "\"\"") return false;
    content_bytes_ += other_bytes_ + alike->value.size();
    step.content = true;
    send(alike->json, step);
    return true;
}

ChatStream::OneText ChatStream::take_choices(JsonEdit& edit, const JsonValue& choices, Step& step) {
    OneText text_of_it;
    std::size_t count = 0;
    std::string rewritten;
    std::size_t copied = 0;
    for (auto& choice : json_elements(choices)) {
        ++count;
        text_of_it.reset();
        if (!choice.is(JsonKind::Object)) continue;
        auto index = json_find(choice, "index");
        auto reason = json_find(choice, "finish_reason");
        auto finish = json_text(reason).value_or("");
        std::optional<std::string> changed;
        auto number = index ? std::string(index->text) : std::string("0");
        if (choices_.size() < kMostChoices || choices_.count(number) > 0) {
            auto& known = choices_[number];
            if (!finish.empty()) known.finished = step.content = true;
            changed = rewrite_choice(choice, "delta");
            auto text = changed ? std::string_view(*changed) : choice.text;
            auto current = JsonValue{text, JsonKind::Object};
            if (auto delta = json_find(current, "delta"); delta && delta->is(JsonKind::Object))
                if (auto with_role = note_delta(*delta, known, step, finish, text_of_it)) {
                    auto replaced = replace_part(text, delta->text, *with_role);
                    changed = std::move(replaced);
                }
        }
        if (!changed) continue;
        auto begin = static_cast<std::size_t>(choice.text.data() - choices.text.data());
        rewritten += choices.text.substr(copied, begin - copied);
        rewritten += *changed;
        copied = begin + choice.text.size();
    }
    if (copied > 0) edit.set("choices", rewritten + std::string(choices.text.substr(copied)));
    return count == 1 && copied == 0 ? text_of_it : std::nullopt;
}

// Remembers what a delta means; gives it with a role if it is the first and has none.
std::optional<std::string> ChatStream::note_delta(const JsonValue& delta, Choice& choice, Step& step,
                                                  std::string_view finish, OneText& text) {
    JsonEdit edit(delta);
    for (auto& member : edit.members()) {
        if (member.key == "role" || is_empty(member.value)) continue;
        step.content = true;
        content_bytes_ += member.value.text.size();
        if (member.key == "tool_calls") choice.has_tools = true;
        if (!text && finish.empty() && member.value.is(JsonKind::String)) text.emplace(member);
    }
    if (std::exchange(role_sent_, true) || edit.has("role") || !finish.empty()) return std::nullopt;
    edit.set("role", "\"assistant\"");
    return edit.text();
}

void ChatStream::end(Step& step) {
    if (done_) {
        step.done = true;
        return;
    }
    bool complete = !choices_.empty() && std::all_of(choices_.begin(), choices_.end(),
                                                     [](auto& entry) { return entry.second.finished; });
    if (complete) return close(step);  // some leave out [DONE]
    done_ = true;
    step.error = broken(begun_ ? "the upstream closed the stream before it was finished"
                               : "the upstream closed the stream before it sent anything");
}

std::string ChatStream::last_chunk() const {
    auto counted = usage_with_cost(usage_json_, usage(), context_);
    if (usage_chunk_.empty()) return chunk("", counted);
    if (counted == usage_json_) return usage_chunk_;
    auto root = parse_json(usage_chunk_);
    JsonEdit edit(*root);
    edit.set("usage", one_line(std::move(counted)));
    return edit.text();
}

void ChatStream::close(Step& step) {
    done_ = true;
    if (choices_.empty()) {
        step.error = broken("the upstream ended the stream without an answer");
        return;
    }
    // [DONE] says it is complete, so a missing finish is the upstream's omission and not a cut.
    for (auto& [index, choice] : choices_) {
        if (choice.finished) continue;
        auto word = choice.has_tools ? "tool_calls" : "stop";
        send(chunk(fmt::format("{{\"index\":{},\"delta\":{{}},\"finish_reason\":\"{}\"}}", index, word), ""),
             step);
    }
    if (usage_json_.empty()) usage_json_ = usage_json(usage());
    if (include_usage_) send(last_chunk(), step);
    client_.done(step.out);
    step.content = true;
    step.done = true;
}

}  // namespace seance::litellm
