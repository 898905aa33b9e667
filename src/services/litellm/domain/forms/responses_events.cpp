#include "services/litellm/domain/forms/responses_events.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/json_edit.hpp"

namespace seance::litellm {
namespace {

std::string text_part(std::string_view text) {
    return JsonObject().raw("type", "\"output_text\"").text("text", text).raw("annotations", "[]").str();
}

std::string summary_part(std::string_view text) {
    return JsonObject().raw("type", "\"summary_text\"").text("text", text).str();
}

std::string place_of(const OutputItem& item, std::size_t index) {
    return fmt::format("\"item_id\":{},\"output_index\":{}", json_quote(item.id), index);
}

std::vector<OutputItem> items_of(const JsonFields& response) {
    std::vector<OutputItem> items;
    for (auto& value : response.list("output")) {
        JsonFields fields(value);
        auto type = fields.text("type");
        OutputItem item;
        item.id = fields.text("id");
        auto texts = fields.list(type == "reasoning" ? "summary" : "content");
        if (!texts.empty()) item.text = JsonFields(texts.front()).text("text");
        if (type == "reasoning") item.kind = OutputItem::Kind::Reasoning;
        if (type == "function_call") {
            item.kind = OutputItem::Kind::Call;
            item.text = fields.text("arguments");
            item.call_id = fields.text("call_id");
            item.name = fields.text("name");
        }
        items.push_back(std::move(item));
    }
    return items;
}

ResponseSteps fewest_steps(const std::vector<OutputItem>& items) {
    ResponseSteps steps;
    for (std::size_t i = 0; i < items.size(); ++i) {
        steps.push_back({ResponseStep::Kind::Added, i});
        if (!items[i].text.empty()) steps.push_back({ResponseStep::Kind::Delta, i, items[i].text.size()});
        steps.push_back({ResponseStep::Kind::Done, i});
    }
    return steps;
}

}  // namespace

std::string OutputItem::json(bool done, bool cut) const {
    JsonObject item;
    item.text("id", id);
    if (kind == Kind::Reasoning) {
        item.raw("type", "\"reasoning\"");
        item.raw("summary", done ? "[" + summary_part(text) + "]" : "[]");
        return item.str();
    }
    auto status = !done ? "\"in_progress\"" : cut ? "\"incomplete\"" : "\"completed\"";
    if (kind == Kind::Call)
        return item.raw("type", "\"function_call\"")
            .raw("status", status)
            .text("arguments", done && text.empty() ? "{}" : text)
            .text("call_id", call_id)
            .text("name", name)
            .str();
    return item.raw("type", "\"message\"")
        .raw("status", status)
        .raw("role", "\"assistant\"")
        .raw("content", done ? "[" + text_part(text) + "]" : "[]")
        .str();
}

void ResponseEvents::event(std::string_view type, const std::string& members, std::string& out) {
    auto number = sequence_++;
    if (after_ && number <= *after_) return;
    // What an answer repeats of its request may span lines.
    out += fmt::format("event: {}\ndata: {{\"type\":\"{}\",\"sequence_number\":{},{}}}\n\n", type, type,
                       number, one_line(members));
}

void ResponseEvents::began(const std::string& response, std::string& out) {
    for (auto type : {"response.created", "response.in_progress"})
        event(type, "\"response\":" + response, out);
}

void ResponseEvents::added(const OutputItem& item, std::size_t index, std::string& out) {
    event("response.output_item.added",
          fmt::format("\"output_index\":{},\"item\":{}", index, item.json(false)), out);
    auto where = place_of(item, index);
    if (item.kind == OutputItem::Kind::Message)
        event("response.content_part.added",
              fmt::format("{},\"content_index\":0,\"part\":{}", where, text_part("")), out);
    if (item.kind == OutputItem::Kind::Reasoning)
        event("response.reasoning_summary_part.added",
              fmt::format("{},\"summary_index\":0,\"part\":{}", where, summary_part("")), out);
}

void ResponseEvents::delta(const OutputItem& item, std::size_t index, std::string_view literal,
                           std::string& out) {
    auto members = fmt::format("{},", place_of(item, index));
    switch (item.kind) {
        case OutputItem::Kind::Message:
            members += fmt::format("\"content_index\":0,\"delta\":{},\"logprobs\":[]", literal);
            return event("response.output_text.delta", members, out);
        case OutputItem::Kind::Reasoning:
            members += fmt::format("\"summary_index\":0,\"delta\":{}", literal);
            return event("response.reasoning_summary_text.delta", members, out);
        case OutputItem::Kind::Call:
            members += fmt::format("\"delta\":{}", literal);
            return event("response.function_call_arguments.delta", members, out);
    }
}

void ResponseEvents::done(const OutputItem& item, std::size_t index, bool cut, std::string& out) {
    auto where = place_of(item, index);
    switch (item.kind) {
        case OutputItem::Kind::Message:
            event("response.output_text.done",
                  fmt::format("{},\"content_index\":0,\"text\":{},\"logprobs\":[]", where,
                              json_quote(item.text)),
                  out);
            event("response.content_part.done",
                  fmt::format("{},\"content_index\":0,\"part\":{}", where, text_part(item.text)), out);
            break;
        case OutputItem::Kind::Reasoning:
            event("response.reasoning_summary_text.done",
                  fmt::format("{},\"summary_index\":0,\"text\":{}", where, json_quote(item.text)), out);
            event("response.reasoning_summary_part.done",
                  fmt::format("{},\"summary_index\":0,\"part\":{}", where, summary_part(item.text)), out);
            break;
        case OutputItem::Kind::Call:
            event("response.function_call_arguments.done",
                  fmt::format("{},\"name\":{},\"arguments\":{}", where, json_quote(item.name),
                              json_quote(item.text)),
                  out);
            break;
    }
    event("response.output_item.done",
          fmt::format("\"output_index\":{},\"item\":{}", index, item.json(true, cut)), out);
}

void ResponseEvents::ended(std::string_view status, const std::string& response, std::string& out) {
    event(fmt::format("response.{}", status), "\"response\":" + response, out);
}

std::string replay_response(const JsonValue& response, const ResponseSteps& steps,
                            std::optional<std::uint64_t> after) {
    JsonFields fields(response);
    auto status = fields.text("status");
    auto items = items_of(fields);
    JsonEdit begun(response);
    begun.set("status", "\"in_progress\"");
    begun.set("output", "[]");
    for (auto key : {"usage", "incomplete_details"}) begun.set(key, "null");

    std::string out;
    ResponseEvents events(after);
    events.began(begun.text(), out);
    std::vector<std::size_t> said(items.size());
    for (auto& step : steps.empty() ? fewest_steps(items) : steps) {
        if (step.item >= items.size()) continue;
        auto& item = items[step.item];
        auto& from = said[step.item];
        if (step.kind == ResponseStep::Kind::Added) {
            auto empty = item;
            empty.text.clear();
            events.added(empty, step.item, out);
        } else if (step.kind == ResponseStep::Kind::Delta) {
            auto text = std::string_view(item.text).substr(std::min(from, item.text.size()), step.bytes);
            from += step.bytes;
            events.delta(item, step.item, json_quote(text), out);
        } else {
            events.done(item, step.item, status == "incomplete" && step.item + 1 == items.size(), out);
        }
    }
    events.ended(status, std::string(response.text), out);
    return out;
}

}  // namespace seance::litellm
