#include "services/litellm/config/access_reader.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"

namespace seance::litellm {
namespace {

// An entry that is no address lets nobody in: what was meant as a limit stays one.
std::optional<proxy::Networks> read_addresses(const Node* list, Notes& notes) {
    if (!list || list->is_null()) return std::nullopt;
    std::vector<std::string> good;
    for (auto& entry : read_texts(list, notes)) {
        if (proxy::Networks::parse({entry}))
            good.push_back(entry);
        else
            notes.errors.push_back(
                fmt::format("{}general_settings.allowed_ips: \"{}\" is no address such as 203.0.113.9 and no "
                            "range such as 10.0.0.0/8; it allows nobody",
                            list->place(), entry));
    }
    return *proxy::Networks::parse(good);
}

}  // namespace

void read_access(const Node& general, Config& config, Notes& notes) {
    config.key_header = read_text(general.find("litellm_key_header_name"), notes).value_or("");
    config.public_routes = read_texts(general.find("public_routes"), notes);
    config.admin_only_routes = read_texts(general.find("admin_only_routes"), notes);
    if (auto list = general.find("allowed_routes"); list && !list->is_null())
        config.allowed_routes = read_texts(list, notes);
    config.enforce_user = read_bool(general.find("enforce_user_param"), notes).value_or(false);
    config.refuse_client_tags =
        read_bool(general.find("reject_clientside_metadata_tags"), notes).value_or(false);
    config.use_forwarded_for = read_bool(general.find("use_x_forwarded_for"), notes).value_or(false);
    config.allowed_addresses = read_addresses(general.find("allowed_ips"), notes);
}

void read_other_auth(const Node& general, Config& config, Notes& notes) {
    for (auto name : {"custom_auth", "enable_jwt_auth", "enable_oauth2_auth", "enable_oauth2_proxy_auth"}) {
        auto setting = general.find(name);
        auto text = read_text(setting, notes).value_or(setting && !setting->is_null() ? "something" : "");
        if (text.empty() || lower(text) == "false") continue;
        auto path = fmt::format("general_settings.{}", name);
        config.other_auth =
            config.other_auth.empty() ? path : fmt::format("{} and {}", config.other_auth, path);
        notes.errors.push_back(
            fmt::format("{}{} is not available here: clients are let in with the master key and with keys of "
                        "/key/generate alone; give them such keys, and take the setting out",
                        setting->place(), path));
    }
    if (config.other_auth.empty() || !config.master_key.empty()) return;
    if (config.master_key_problem.empty())
        config.master_key_problem = fmt::format(
            "{} is not available here and there is no general_settings.master_key", config.other_auth);
}

}  // namespace seance::litellm
