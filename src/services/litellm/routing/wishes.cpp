#include "services/litellm/routing/wishes.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "services/litellm/config/config.hpp"
#include "services/litellm/domain/json_edit.hpp"
#include "services/litellm/routing/policy_names.hpp"

namespace seance::litellm {
namespace {

// More would be a way to make the gateway work for nothing.
constexpr std::size_t kMostTargets = 32, kMostTags = 64;

std::vector<std::string> texts_of(const JsonValue& list) {
    std::vector<std::string> texts;
    if (auto one = json_text(list)) return {*one};
    if (!list.is(JsonKind::Array)) return texts;
    for (auto& element : json_elements(list)) {
        if (texts.size() == kMostTargets) break;
        if (auto text = json_text(element)) texts.push_back(std::move(*text));
    }
    return texts;
}

void read_table(const JsonValue& object, FallbackTable& table) {
    for (auto& member : json_members(object)) table.add(member.key, texts_of(member.value));
}

// Names; objects with a model and what else to replace; or maps by group, as config.yaml writes them.
void read_general(const JsonValue& list, std::string_view asked, std::vector<FallbackTarget>& targets) {
    auto elements = list.is(JsonKind::Array) ? json_elements(list) : std::vector<JsonValue>{list};
    for (auto& element : elements) {
        if (targets.size() == kMostTargets) break;
        if (auto name = json_text(element)) {
            targets.push_back({*name});
        } else if (element.is(JsonKind::Object)) {
            if (auto model = json_text(json_find(element, "model"))) {
                bool more = json_members(element).size() > 1;
                targets.push_back({*model, more ? std::string(element.text) : std::string()});
                continue;
            }
            FallbackTable table;
            read_table(element, table);
            if (auto names = table.find(asked))
                for (auto& target : *names) targets.push_back({target});
        }
    }
}

void read_tables(const JsonValue& list, FallbackTable& table) {
    if (list.is(JsonKind::Object)) return read_table(list, table);
    if (!list.is(JsonKind::Array)) return;
    std::vector<std::string> names;
    for (auto& element : json_elements(list)) {
        if (element.is(JsonKind::Object)) read_table(element, table);
        if (auto name = json_text(element)) names.push_back(*name);
    }
    if (!names.empty()) table.add("*", std::move(names));
}

void add_tags(const std::optional<JsonValue>& list, std::vector<std::string>& tags) {
    if (!list || !list->is(JsonKind::Array)) return;
    for (auto& tag : texts_of(*list))
        if (tags.size() < kMostTags && std::find(tags.begin(), tags.end(), tag) == tags.end())
            tags.push_back(std::move(tag));
}

void read_policy(const JsonValue& policy, ClassNumbers& numbers) {
    if (!policy.is(JsonKind::Object)) return;
    for (auto& member : json_members(policy))
        if (auto number = json_number(member.value))
            for (auto kind : policy_classes(member.key, "Retries"))
                numbers.numbers[kind] = static_cast<int>(std::clamp(*number, 0.0, 100.0));
}

void read_mock_testing(const JsonMember& member, RoutingWishes& wishes) {
    std::string_view key = member.key;
    bool wanted = member.value.is(JsonKind::True);
    if (key == "mock_delay") {
        if (auto seconds = json_number(member.value)) wishes.mock_delay = seconds_to_duration(*seconds);
    } else if (!wanted) {
        return;
    } else if (key == "mock_testing_fallbacks") {
        wishes.mock_failure = ErrorClass::InternalServer;
    } else if (key == "mock_testing_context_window_fallbacks" || key == "mock_testing_context_fallbacks") {
        wishes.mock_failure = ErrorClass::ContextWindow;
    } else if (key == "mock_testing_content_policy_fallbacks") {
        wishes.mock_failure = ErrorClass::ContentPolicy;
    } else if (key == "mock_testing_rate_limit_error") {
        wishes.mock_rate_limit_once = true;
    } else if (key == "mock_timeout") {
        wishes.mock_timeout = true;
    }
}

}  // namespace

RoutingWishes read_wishes(const JsonValue& body, const http::FieldViews& fields, bool allow_mock_testing) {
    RoutingWishes wishes;
    // One pass: bodies are large, and the members wanted here are few.
    auto members = json_members(body);
    std::string asked;
    for (auto& member : members)
        if (member.key == "model") asked = json_text(member.value).value_or("");
    for (auto& member : members) {
        std::string_view key = member.key;
        if (key == "fallbacks")
            read_general(member.value, asked, wishes.fallbacks.general);
        else if (key == "context_window_fallbacks")
            read_tables(member.value, wishes.fallbacks.context_window);
        else if (key == "content_policy_fallbacks")
            read_tables(member.value, wishes.fallbacks.content_policy);
        else if (key == "disable_fallbacks")
            wishes.fallbacks.disabled = member.value.is(JsonKind::True);
        else if (key == "retry_policy")
            read_policy(member.value, wishes.retry_policy);
        else if (key == "tags")
            add_tags(member.value, wishes.tags);
        else if ((key == "metadata" || key == "litellm_metadata") && member.value.is(JsonKind::Object))
            add_tags(json_find(member.value, "tags"), wishes.tags);
        else if (key.starts_with("mock_") && allow_mock_testing)
            read_mock_testing(member, wishes);
    }
    if (auto list = fields.find("x-litellm-tags"))
        for (auto& tag : split(*list, ','))
            if (auto text = std::string(trim(tag));
                !text.empty() && wishes.tags.size() < kMostTags &&
                std::find(wishes.tags.begin(), wishes.tags.end(), text) == wishes.tags.end())
                wishes.tags.push_back(std::move(text));
    return wishes;
}

std::vector<std::string> named_fallbacks(const JsonValue& body) {
    std::vector<std::string> names;
    auto wishes = read_wishes(body, {}, false).fallbacks;
    for (auto& target : wishes.general) names.push_back(std::move(target.model));
    for (auto* table : {&wishes.context_window, &wishes.content_policy})
        for (auto& [group, targets] : table->lists())
            names.insert(names.end(), targets.begin(), targets.end());
    return names;
}

std::string override_members(const JsonValue& body, std::string_view overrides) {
    JsonEdit edit(body);
    auto object = parse_json(overrides);
    if (object && object->is(JsonKind::Object))
        for (auto& member : json_members(*object)) edit.set(member.key, std::string(member.value.text));
    edit.remove("fallbacks");
    return edit.text();
}

}  // namespace seance::litellm
