#include "services/litellm/routing/prompt_pins.hpp"

#include "core/base/hash.hpp"
#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/json_edit.hpp"

namespace seance::litellm {
namespace {

// The time that the mark of a part asks for; nothing without a mark.
std::optional<Duration> mark_of(const JsonFields& part) {
    JsonFields control(part.find("cache_control"));
    if (control.text("type") != "ephemeral") return std::nullopt;
    return control.text("ttl") == "1h" ? std::chrono::hours(1) : Duration(std::chrono::minutes(5));
}

class Chain {
  public:
    void add(std::string_view envelope, std::string_view content, std::optional<Duration> mark) {
        auto text = print_;
        text.append(envelope).append("\n").append(content);
        print_ = sha256_hex(text);
        bytes_ += content.size();
        prefixes_.push_back({print_, bytes_ / 4, mark.has_value(), mark.value_or(Duration{0})});
    }

    // A text and a list of one text are the same prompt; other parts keep their bytes but for the mark.
    void add_part(std::string_view envelope, const JsonValue& part, std::optional<Duration> mark) {
        if (auto text = json_text(part)) return add(envelope, *text, mark);
        if (!part.is(JsonKind::Object)) return add(envelope, part.text, mark);
        JsonFields fields(part);
        if (auto own = mark_of(fields)) mark = own;
        if (fields.text("type") == "text") return add(envelope, fields.text("text"), mark);
        JsonEdit edit(part);
        edit.remove("cache_control");
        add(envelope, edit.text(), mark);
    }

    // A mark beside a list is a mark on its last part.
    void add_content(std::string_view envelope, const std::optional<JsonValue>& content,
                     std::optional<Duration> mark) {
        if (!content || !content->is(JsonKind::Array))
            return content ? add_part(envelope, *content, mark) : add(envelope, "", mark);
        auto parts = json_elements(*content);
        for (std::size_t i = 0; i < parts.size(); ++i)
            add_part(envelope, parts[i], i + 1 == parts.size() ? mark : std::nullopt);
        if (parts.empty()) add(envelope, "", mark);
    }

    std::vector<PromptPrefix> take() {
        while (!prefixes_.empty() && !prefixes_.back().marked) prefixes_.pop_back();
        return std::move(prefixes_);
    }

  private:
    std::string print_;
    std::uint64_t bytes_ = 0;
    std::vector<PromptPrefix> prefixes_;
};

}  // namespace

std::vector<PromptPrefix> prompt_prefixes(const JsonValue& body) {
    // Most prompts have no mark, and need no fingerprint.
    if (!body.is(JsonKind::Object) || body.text.find("\"cache_control\"") == std::string_view::npos)
        return {};
    JsonFields fields(body);
    Chain chain;
    for (auto& tool : fields.list("tools")) chain.add_part("tool", tool, std::nullopt);
    if (auto system = fields.find("system")) chain.add_content("system", system, std::nullopt);
    for (auto& message : fields.list("messages")) {
        if (!message.is(JsonKind::Object)) continue;
        JsonFields own(message);
        auto role = own.text("role");
        JsonEdit envelope(message);
        for (auto key : {"content", "cache_control", "role"}) envelope.remove(key);
        // The first message of the system and Anthropic's member of that name are the same prompt.
        chain.add_content(role == "system" ? role : role + envelope.text(), own.find("content"),
                          mark_of(own));
    }
    return chain.take();
}

void PromptPins::remember(const std::vector<PromptPrefix>& prefixes, const std::string& deployment,
                          Instant now) {
    std::lock_guard lock(mutex_);
    for (auto& prefix : prefixes) {
        if (!prefix.marked || prefix.tokens < kLeastTokens) continue;
        if (auto known = by_print_.find(prefix.print); known != by_print_.end()) {
            known->second->deployment = deployment;
            known->second->until = now + prefix.kept;
            pins_.splice(pins_.begin(), pins_, known->second);
            continue;
        }
        pins_.push_front({prefix.print, deployment, now + prefix.kept});
        by_print_[pins_.front().print] = pins_.begin();
        if (pins_.size() <= most_) continue;
        by_print_.erase(pins_.back().print);
        pins_.pop_back();
    }
}

std::optional<std::string> PromptPins::find(const std::vector<PromptPrefix>& prefixes, Instant now) {
    std::lock_guard lock(mutex_);
    std::size_t left = 0;
    for (auto prefix = prefixes.rbegin(); prefix != prefixes.rend(); ++prefix) {
        if (prefix->marked) left = kLookBack;
        if (left == 0) continue;
        --left;
        if (prefix->tokens < kLeastTokens) break;
        auto known = by_print_.find(prefix->print);
        if (known == by_print_.end() || known->second->until <= now) continue;
        pins_.splice(pins_.begin(), pins_, known->second);
        return known->second->deployment;
    }
    return std::nullopt;
}

PromptPins& prompt_pins() {
    static PromptPins all;
    return all;
}

}  // namespace seance::litellm
