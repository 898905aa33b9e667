#include "services/litellm/domain/forms/responses_answer.hpp"

#include <fmt/format.h>

namespace seance::litellm {
namespace {

std::string id_with(std::string_view prefix, std::string_view id, std::size_t number) {
    auto dash = id.find('_');
    return fmt::format("{}_{}{:02}", prefix, dash == std::string_view::npos ? id : id.substr(dash + 1),
                       number);
}

OutputItem make_item(OutputItem::Kind kind, const std::string& response, std::size_t number) {
    auto prefix = kind == OutputItem::Kind::Reasoning ? "rs"
                  : kind == OutputItem::Kind::Message ? "msg"
                                                      : "fc";
    OutputItem item;
    item.kind = kind;
    item.id = id_with(prefix, response, number);
    return item;
}

}  // namespace

std::string ResponseDraft::finished_status() const {
    return finish == "length" || finish == "content_filter" ? "incomplete" : "completed";
}

std::string ResponseDraft::json(std::string_view status, const ApiError* error) const {
    JsonArray output;
    if (status != "in_progress")
        for (auto& item : items)
            output.add(item.json(true, status == "incomplete" && &item == &items.back()));
    auto details = status == "incomplete"
                       ? fmt::format("{{\"reason\":\"{}\"}}",
                                     finish == "length" ? "max_output_tokens" : "content_filter")
                       : "null";
    auto problem = error ? JsonObject().raw("code", "\"server_error\"").text("message", error->message).str()
                         : std::string("null");
    auto text = JsonObject()
                    .text("id", id)
                    .raw("object", "\"response\"")
                    .raw("created_at", std::to_string(created))
                    .text("status", status)
                    .raw("error", problem)
                    .raw("incomplete_details", details)
                    .text("model", model)
                    .raw("output", output.str())
                    .raw("usage", usage.empty() ? "null" : usage)
                    .str();
    text.pop_back();
    return text + echo + "}";
}

std::string ResponseDraft::assistant_message() const {
    std::string text;
    JsonArray calls;
    for (auto& item : items) {
        if (item.kind == OutputItem::Kind::Message) text += item.text;
        if (item.kind == OutputItem::Kind::Call)
            calls.add(
                JsonObject()
                    .text("id", item.call_id)
                    .raw("type", "\"function\"")
                    .raw("function", JsonObject().text("name", item.name).text("arguments", item.text).str())
                    .str());
    }
    JsonObject message;
    message.raw("role", "\"assistant\"");
    message.raw("content", text.empty() && !calls.empty() ? "null" : json_quote(text));
    if (!calls.empty()) message.raw("tool_calls", calls.str());
    return message.str();
}

std::string responses_usage(const std::optional<JsonValue>& chat_usage) {
    auto usage = read_usage(chat_usage).value_or(Usage{});
    return JsonObject()
        .number("input_tokens", usage.prompt)
        .raw("input_tokens_details", JsonObject().number("cached_tokens", usage.cached).str())
        .number("output_tokens", usage.completion)
        .raw("output_tokens_details", JsonObject().number("reasoning_tokens", usage.reasoning).str())
        .number("total_tokens", usage.prompt + usage.completion)
        .str();
}

std::string responses_echo(const JsonValue& request) {
    JsonFields fields(request);
    std::string echo;
    for (auto& [key, otherwise] : {std::pair<std::string_view, std::string_view>{"instructions", "null"},
                                   {"max_output_tokens", "null"},
                                   {"parallel_tool_calls", "true"},
                                   {"previous_response_id", "null"},
                                   {"reasoning", "{\"effort\":null,\"summary\":null}"},
                                   {"store", "true"},
                                   {"temperature", "1.0"},
                                   {"text", "{\"format\":{\"type\":\"text\"}}"},
                                   {"tool_choice", "\"auto\""},
                                   {"tools", "[]"},
                                   {"top_p", "1.0"},
                                   {"truncation", "\"disabled\""},
                                   {"user", "null"},
                                   {"metadata", "{}"}}) {
        auto value = fields.find(key);
        echo += fmt::format(",\"{}\":{}", key, value ? value->text : otherwise);
    }
    return echo;
}

std::string response_id(const AnswerContext& context) {
    auto id = std::string_view(context.id);
    auto dash = id.find('-');
    return fmt::format("resp_{}", dash == std::string_view::npos ? id : id.substr(dash + 1));
}

ResponseDraft draft_of(std::string_view completion, const AnswerContext& context, std::string echo) {
    ResponseDraft draft{response_id(context), context.model, std::move(echo), context.created, {}, "", ""};
    auto root = parse_json(completion);
    JsonFields fields(*root);
    auto choices = fields.list("choices");
    JsonFields choice(choices.empty() ? std::nullopt : std::optional(choices.front()));
    JsonFields message(choice.find("message"));
    draft.finish = choice.text("finish_reason");
    draft.usage = responses_usage(fields.find("usage"));
    auto add = [&](OutputItem::Kind kind, std::string text) -> OutputItem& {
        draft.items.push_back(make_item(kind, draft.id, draft.items.size()));
        draft.items.back().text = std::move(text);
        return draft.items.back();
    };
    if (auto reasoning = message.text("reasoning_content"); !reasoning.empty())
        add(OutputItem::Kind::Reasoning, reasoning);
    auto calls = message.list("tool_calls");
    auto text = message.text("content");
    if (text.empty()) text = message.text("refusal");
    if (!text.empty() || calls.empty()) add(OutputItem::Kind::Message, text);
    for (auto& value : calls) {
        JsonFields call(value);
        JsonFields function(call.find("function"));
        auto& item = add(OutputItem::Kind::Call, function.text("arguments"));
        item.call_id = call.text("id");
        item.name = function.text("name");
    }
    return draft;
}

ResponsesClientStream::ResponsesClientStream(const AnswerContext& context, std::string echo, Kept kept)
    : draft_{response_id(context), context.model, std::move(echo), context.created, {}, "", ""},
      kept_(std::move(kept)) {}

void ResponsesClientStream::begin(std::string& out) {
    if (std::exchange(begun_, true)) return;
    events_.began(draft_.json("in_progress"), out);
}

std::size_t ResponsesClientStream::item_for(OutputItem::Kind kind, std::string& out) {
    auto& items = draft_.items;
    if (!items.empty() && items.back().kind == kind && !items.back().closed && kind != OutputItem::Kind::Call)
        return items.size() - 1;
    // Texts end where something else begins; calls may go on beside one another.
    if (!items.empty() && items.back().kind != OutputItem::Kind::Call) close(items.size() - 1, out);
    items.push_back(make_item(kind, draft_.id, items.size()));
    if (kind != OutputItem::Kind::Call) add(out);  // a call has no name yet
    return items.size() - 1;
}

void ResponsesClientStream::add(std::string& out) {
    auto index = draft_.items.size() - 1;
    draft_.steps.push_back({ResponseStep::Kind::Added, index});
    events_.added(draft_.items.back(), index, out);
}

void ResponsesClientStream::say(std::size_t index, const JsonValue& text, std::string& out) {
    auto& item = draft_.items[index];
    auto decoded = *json_text(text);
    item.text += decoded;
    draft_.steps.push_back({ResponseStep::Kind::Delta, index, decoded.size()});
    events_.delta(item, index, text.text, out);
}

void ResponsesClientStream::close(std::size_t index, std::string& out) {
    auto& item = draft_.items[index];
    if (std::exchange(item.closed, true)) return;
    if (item.kind == OutputItem::Kind::Call && item.text.empty()) item.text = "{}";
    draft_.steps.push_back({ResponseStep::Kind::Done, index});
    bool cut = draft_.finished_status() == "incomplete" && index + 1 == draft_.items.size();
    events_.done(item, index, cut, out);
}

void ResponsesClientStream::take_calls(const JsonFields& delta, std::string& out) {
    for (auto& value : delta.list("tool_calls")) {
        JsonFields call(value);
        JsonFields function(call.find("function"));
        auto at = call.find("index");
        auto tool = at ? std::string(at->text) : std::string("0");
        auto& items = draft_.items;
        std::size_t index = 0;
        while (index < items.size() &&
               (items[index].kind != OutputItem::Kind::Call || items[index].tool != tool))
            ++index;
        if (index == items.size()) {
            index = item_for(OutputItem::Kind::Call, out);
            auto& item = items[index];
            item.tool = tool;
            item.call_id = call.text("id");
            item.name = function.text("name");
            add(out);
        }
        auto arguments = function.find("arguments", JsonKind::String);
        if (arguments && arguments->text != "\"\"") say(index, *arguments, out);
    }
}

void ResponsesClientStream::chunk(std::string_view json, std::string& out) {
    auto root = parse_json(json);
    JsonFields fields(*root);
    if (auto usage = fields.find("usage")) draft_.usage = responses_usage(usage);
    begin(out);
    for (auto& value : fields.list("choices")) {
        JsonFields choice(value);
        if (choice.count("index") != 0) continue;
        JsonFields delta(choice.find("delta"));
        for (auto& [name, kind] : {std::pair{"reasoning_content", OutputItem::Kind::Reasoning},
                                   {"content", OutputItem::Kind::Message},
                                   {"refusal", OutputItem::Kind::Message}})
            if (auto text = delta.find(name, JsonKind::String); text && text->text != "\"\"")
                say(item_for(kind, out), *text, out);
        take_calls(delta, out);
        if (auto finish = choice.text("finish_reason"); !finish.empty()) draft_.finish = finish;
    }
}

void ResponsesClientStream::done(std::string& out) {
    begin(out);
    if (draft_.items.empty()) item_for(OutputItem::Kind::Message, out);
    for (std::size_t i = 0; i < draft_.items.size(); ++i) close(i, out);
    auto status = draft_.finished_status();
    events_.ended(status, draft_.json(status), out);
    if (kept_) kept_(draft_);
}

std::string ResponsesClientStream::error_event(const ApiError& error) const {
    std::string out;
    events_.ended("failed", draft_.json("failed", &error), out);
    return out;
}

}  // namespace seance::litellm
