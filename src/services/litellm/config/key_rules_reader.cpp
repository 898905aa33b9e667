#include "services/litellm/config/key_rules_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "services/litellm/config/known_keys.hpp"
#include "services/litellm/domain/unknown_fields.hpp"

namespace seance::litellm {
namespace {

class KeyRulesReader {
  public:
    KeyRulesReader(const Node& litellm, LedgerConfig& config, Notes& notes)
        : litellm_(litellm), config_(config), notes_(notes) {}

    void read() {
        config_.key_defaults = fields("default_key_generate_params", RecordKind::Key);
        config_.key_bounds = fields("upperbound_key_generate_params", RecordKind::Key);
        config_.team_defaults = fields("default_team_params", RecordKind::Team);
        read_team_settings(litellm_.find("default_team_settings"));
        read_key_generation(litellm_.find("key_generation_settings"));
    }

  private:
    boost::json::object object(const char* name) {
        auto node = litellm_.find(name);
        if (!node || !node->is_map()) return {};
        boost::system::error_code wrong;
        auto value = boost::json::parse(to_json(*node), wrong);
        return wrong || !value.is_object() ? boost::json::object{} : std::move(value.get_object());
    }

    // The members of a map that fit records of that kind; of others an error tells.
    boost::json::object fields(const char* name, RecordKind kind) {
        boost::json::object kept;
        for (auto& [field, value] : object(name)) {
            boost::json::object one{{field, value}};
            auto fits = read_fields(kind, one, 0);
            auto place = litellm_.find(name)->place();
            if (!fits)
                notes_.errors.push_back(fmt::format("{}litellm_settings.{}: {}; it is left out", place, name,
                                                    fits.error().message));
            else if (fits->empty())
                tell_unknown(kind, one, fmt::format("{}litellm_settings.{}", place, name));
            else
                kept[field] = value;
        }
        return kept;
    }

    void tell_unknown(RecordKind kind, const boost::json::object& one, const std::string& where) {
        auto unknown = unknown_fields(kind, one);
        if (unknown.slip)
            notes_.errors.push_back(fmt::format("{}: {}; it is left out", where, unknown.slip->message));
        else
            notes_.warnings.push_back(fmt::format("{}: a {} has no {} here; it is left out", where,
                                                  name_of(kind), std::string(one.begin()->key())));
    }

    // A list with one entry a team. The first one's budget is that of all new teams, as in LiteLLM; the rest
    // is about callbacks.
    void read_team_settings(const Node* list) {
        if (!list || list->is_null()) return;
        if (!list->is_list()) {
            notes_.errors.push_back(
                fmt::format("{}litellm_settings.default_team_settings must be a list of maps, each with a "
                            "team_id; it is ignored",
                            list->place()));
            return;
        }
        for (auto& entry : list->items) {
            if (!read_text(entry.find("team_id"), notes_))
                notes_.errors.push_back(fmt::format(
                    "{}an entry of litellm_settings.default_team_settings has no team_id", entry.place()));
            for (auto& [name, value] : entry.members)
                if (name != "team_id" && !(name == "max_budget" && &entry == &list->items.front()))
                    notes_.warnings.push_back(without_effect(
                        value, fmt::format("litellm_settings.default_team_settings.{}", name)));
        }
        if (list->items.empty() || config_.team_defaults.contains("max_budget")) return;
        if (auto budget = read_number(list->items.front().find("max_budget"), notes_))
            config_.team_defaults["max_budget"] = *budget;
    }

    void read_key_generation(const Node* settings) {
        if (!settings || settings->is_null()) return;
        auto known = [&](const Node& map, std::string_view path,
                         std::initializer_list<std::string_view> names) {
            if (!map.is_map())
                notes_.errors.push_back(fmt::format("{}{} must be a map; it is ignored", map.place(), path));
            for (auto& [name, value] : map.members)
                if (std::find(names.begin(), names.end(), name) == names.end())
                    notes_.errors.push_back(fmt::format("{}{}.{} is no rule about keys; write {}",
                                                        value.place(), path, name, fmt::join(names, " or ")));
        };
        known(*settings, "key_generation_settings", {"personal_key_generation", "team_key_generation"});
        if (auto team = settings->find("team_key_generation"); team && !team->is_null())
            known(*team, "team_key_generation", {"allowed_team_member_roles", "required_params"});
        auto personal = settings->find("personal_key_generation");
        if (!personal || personal->is_null()) return;
        known(*personal, "personal_key_generation", {"allowed_user_roles", "required_params"});
        if (auto roles = personal->find("allowed_user_roles"); roles && !roles->is_null())
            config_.key_generation.roles = read_texts(roles, notes_);
        config_.key_generation.required = read_texts(personal->find("required_params"), notes_);
    }

    const Node& litellm_;
    LedgerConfig& config_;
    Notes& notes_;
};

}  // namespace

void read_key_rules(const Node& litellm_settings, LedgerConfig& config, Notes& notes) {
    KeyRulesReader(litellm_settings, config, notes).read();
}

}  // namespace seance::litellm
