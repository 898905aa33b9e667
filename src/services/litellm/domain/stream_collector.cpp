#include "services/litellm/domain/stream_collector.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace seance::litellm {
namespace {

constexpr std::string_view kTexts[] = {"content", "reasoning_content", "reasoning", "refusal"};
constexpr std::string_view kLists[] = {"thinking_blocks", "images", "annotations", "reasoning_details"};

template <std::size_t N>
bool is_one(const std::string_view (&names)[N], std::string_view name) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool is_nothing(const JsonValue& value) {
    return value.is(JsonKind::Null) || (value.is(JsonKind::Object) && json_members(value).empty()) ||
           (value.is(JsonKind::Array) && json_elements(value).empty());
}

long index_of(const JsonFields& fields) {
    auto number = json_number(fields.find("index"));
    return number && *number >= 0 && *number < 1e6 ? static_cast<long>(*number) : 0;
}

std::string function_json(const std::string& name, const std::string& arguments) {
    return JsonObject().text("name", name).text("arguments", arguments).str();
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
    for (auto& [key, value, segment] : json_members(*root)) {
        if (key == "choices") {
            if (value.is(JsonKind::Array))
                for (auto& item : json_elements(value)) take_choice(item);
        } else if (key != "object" && key != "obfuscation" && !value.is(JsonKind::Null)) {
            members_[key] = value.text;
        }
    }
}

void StreamCollector::take_choice(const JsonValue& item) {
    if (!item.is(JsonKind::Object)) return;
    JsonFields fields(item);
    auto& choice = choices_[index_of(fields)];
    for (auto& [key, value, segment] : fields.members()) {
        if (key == "delta") {
            if (value.is(JsonKind::Object))
                for (auto& member : json_members(value)) take_delta(member, choice);
        } else if (key == "finish_reason") {
            if (auto finish = json_text(value)) choice.finish = *finish;
        } else if (key == "logprobs") {
            if (value.is(JsonKind::Object))
                for (auto& list : json_members(value))
                    for (auto& one : json_elements(list.value)) choice.logprobs[list.key].add(one.text);
        } else if (key != "index" && !is_nothing(value)) {
            choice.more[key] = value.text;
        }
    }
}

void StreamCollector::take_call(const JsonFields& function, Call& call) {
    call.name += function.text("name");
    call.arguments += function.text("arguments");
}

void StreamCollector::take_delta(const JsonMember& member, Choice& choice) {
    auto& [key, value, segment] = member;
    if (key == "role" || is_nothing(value)) return;
    if (is_one(kTexts, key) && value.is(JsonKind::String)) {
        choice.texts[key] += *json_text(value);
    } else if (is_one(kLists, key) && value.is(JsonKind::Array)) {
        for (auto& one : json_elements(value)) choice.lists[key].add(one.text);
    } else if (key == "function_call" && value.is(JsonKind::Object)) {
        if (!choice.function) choice.function.emplace();
        take_call(JsonFields(value), *choice.function);
    } else if (key == "tool_calls" && value.is(JsonKind::Array)) {
        for (auto& part : json_elements(value)) {
            JsonFields fields(part);
            auto& call = choice.calls[index_of(fields)];
            if (auto id = fields.text("id"); !id.empty()) call.id = id;
            take_call(JsonFields(fields.find("function")), call);
            for (auto& [name, more, place] : fields.members())
                if (name != "index" && name != "id" && name != "type" && name != "function")
                    call.more[name] = more.text;
        }
    } else if (value.text != "\"\"") {
        unknown_ = true;  // how its pieces go together nobody has said
    }
}

std::string StreamCollector::message_of(const Choice& choice) {
    JsonObject message;
    message.raw("role", "\"assistant\"");
    auto content = choice.texts.find("content");
    bool said = content != choice.texts.end();
    bool calls_alone = !choice.calls.empty() || choice.function;
    message.raw("content", said ? json_quote(content->second) : calls_alone ? "null" : "\"\"");
    for (auto& [name, text] : choice.texts)
        if (name != "content") message.text(name, text);
    for (auto& [name, list] : choice.lists) message.raw(name, list.str());
    JsonArray calls;
    for (auto& [at, call] : choice.calls) {
        JsonObject one;
        one.text("id", call.id).raw("type", "\"function\"");
        one.raw("function", function_json(call.name, call.arguments));
        for (auto& [name, json] : call.more) one.raw(name, json);
        calls.add(one.str());
    }
    if (!calls.empty()) message.raw("tool_calls", calls.str());
    if (choice.function)
        message.raw("function_call", function_json(choice.function->name, choice.function->arguments));
    return message.str();
}

std::optional<std::string> StreamCollector::completion(const Usage& usage) const {
    auto id = members_.find("id");
    if (!done_ || unknown_ || size_ > kMost || choices_.empty() || id == members_.end()) return std::nullopt;
    JsonArray choices;
    for (auto& [index, choice] : choices_) {
        if (choice.finish.empty()) return std::nullopt;
        JsonObject one;
        one.raw("index", std::to_string(index)).text("finish_reason", choice.finish);
        one.raw("message", message_of(choice));
        JsonObject logprobs;
        for (auto& [name, list] : choice.logprobs) logprobs.raw(name, list.str());
        if (!logprobs.empty()) one.raw("logprobs", logprobs.str());
        for (auto& [name, json] : choice.more) one.raw(name, json);
        choices.add(one.str());
    }
    JsonObject out;
    out.raw("id", id->second).raw("object", "\"chat.completion\"");
    for (auto& [name, json] : members_)
        if (name != "id" && name != "usage") out.raw(name, json);
    out.raw("choices", choices.str());
    auto counted = members_.find("usage");
    out.raw("usage", counted != members_.end() ? counted->second : usage_json(usage));
    return out.str();
}

}  // namespace seance::litellm
