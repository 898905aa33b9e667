#include "core/base/text.hpp"
#include "services/litellm/domain/end_user.hpp"
#include "services/litellm/domain/json_text.hpp"
#include "services/litellm/ledger/ledger.hpp"

// What a call says of itself for its record: whom it is for, its tags, session and prompt.
namespace seance::litellm {

void Ledger::describe(Admission& admission, const http::RequestHead& head, const Ask& ask) const {
    admission.peer_ = ask.peer;
    auto& fields = head.fields;
    admission.end_user_ = end_user_of(fields, ask.body);
    if (auto tags = fields.find("x-litellm-tags"))
        for (auto tag : split(*tags, ','))
            if (!trim(tag).empty()) admission.tags_.emplace_back(trim(tag));
    if (auto more = fields.find("x-litellm-spend-logs-metadata"))
        if (auto value = parse_json(*more); value && value->is(JsonKind::Object)) admission.metadata_ = *more;
    if (!ask.body.is(JsonKind::Object)) return;
    auto text = [&](std::initializer_list<std::string_view> path) {
        return json_text(json_find(ask.body, path)).value_or("");
    };
    admission.session_ = text({"litellm_session_id"});
    if (admission.session_.empty()) admission.session_ = text({"metadata", "session_id"});
    for (auto path : {std::initializer_list<std::string_view>{"metadata", "tags"}, {"tags"}})
        if (auto list = json_find(ask.body, path); list && list->is(JsonKind::Array))
            for (auto& item : json_elements(*list))
                if (auto tag = json_text(item); tag && admission.tags_.size() < 20)
                    admission.tags_.push_back(tag->substr(0, 128));
    constexpr std::size_t kMostPrompt = 64 << 10;
    admission.redacted_ = iequals(fields.get("x-litellm-enable-message-redaction"), "true");
    if (models_->config().ledger.keep_prompts && !admission.redacted_)
        for (auto name : {"messages", "input", "prompt"})
            if (auto prompt = json_find(ask.body, name); prompt && prompt->text.size() <= kMostPrompt) {
                admission.prompt_ = prompt->text;
                break;
            }
}

}  // namespace seance::litellm
