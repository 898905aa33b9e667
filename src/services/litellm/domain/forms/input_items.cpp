#include "services/litellm/domain/forms/input_items.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/base/text.hpp"
#include "net/http/message.hpp"
#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/json_edit.hpp"

namespace seance::litellm {
namespace {

constexpr std::uint64_t kMostItems = 100, kUsualItems = 20;

struct Item {
    std::string id, json;
};

Item complete(const JsonValue& value, std::string_view response_id, std::size_t number) {
    JsonEdit edit(value);
    bool message = edit.has("role") || json_text(edit.find("type")) == "message";
    if (message) {
        edit.fill("type", "\"message\"");
        auto kind = json_text(edit.find("role")) == "assistant" ? "output_text" : "input_text";
        if (auto content = edit.find("content"); content && content->is(JsonKind::String))
            edit.set("content", fmt::format("[{{\"type\":\"{}\",\"text\":{}}}]", kind, content->text));
        edit.fill("status", "\"completed\"");
    }
    auto id = json_text(edit.find("id")).value_or("");
    if (id.empty()) {
        auto own = response_id.substr(std::min(response_id.size(), response_id.find('_') + 1));
        id = fmt::format("{}_{}in{:02}", message ? "msg" : "item", own, number);
        edit.set("id", json_quote(id));
    }
    return {std::move(id), edit.text()};
}

}  // namespace

Answer<std::string> input_page(std::string_view items, std::string_view response_id, std::string_view query) {
    auto most = kUsualItems;
    if (auto limit = http::query_value(query, "limit")) {
        auto number = parse_number(*limit);
        if (!number || *number < 1 || *number > kMostItems)
            return bad_request(fmt::format("limit is \"{}\"; it must be from 1 to {}", *limit, kMostItems),
                               "limit");
        most = *number;
    }
    auto order = http::query_value(query, "order").value_or("desc");
    if (order != "asc" && order != "desc")
        return bad_request(fmt::format("order is \"{}\"; it must be asc or desc", order), "order");

    auto text = fmt::format("[{}]", items);
    auto root = parse_json(text);
    std::vector<Item> all;
    for (auto& value : json_elements(*root)) all.push_back(complete(value, response_id, all.size()));
    if (order == "desc") std::reverse(all.begin(), all.end());
    auto from = all.begin();
    if (auto after = http::query_value(query, "after")) {
        from = std::find_if(all.begin(), all.end(), [&](auto& item) { return item.id == *after; });
        if (from == all.end())
            return bad_request(fmt::format("no item has the id \"{}\"", after->substr(0, 100)), "after");
        ++from;
    }
    auto to = from + static_cast<std::ptrdiff_t>(
                         std::min<std::uint64_t>(most, static_cast<std::uint64_t>(all.end() - from)));
    JsonArray data;
    for (auto at = from; at != to; ++at) data.add(at->json);
    auto id = [&](bool any, const Item& item) { return any ? json_quote(item.id) : std::string("null"); };
    static const Item none;
    return JsonObject()
        .raw("object", "\"list\"")
        .raw("data", data.str())
        .raw("first_id", id(from != to, from != to ? *from : none))
        .raw("last_id", id(from != to, from != to ? *std::prev(to) : none))
        .raw("has_more", to != all.end() ? "true" : "false")
        .str();
}

}  // namespace seance::litellm
