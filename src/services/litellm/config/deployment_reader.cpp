#include "services/litellm/config/deployment_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/hash.hpp"
#include "core/base/text.hpp"
#include "net/http/parser.hpp"
#include "services/litellm/config/checks.hpp"
#include "services/litellm/config/config.hpp"
#include "services/litellm/config/known_keys.hpp"
#include "services/litellm/config/routing_reader.hpp"
#include "services/litellm/config/wire_reader.hpp"
#include "services/litellm/domain/pattern.hpp"
#include "services/litellm/domain/upstream_body.hpp"

namespace seance::litellm {
namespace {

// Never shown by /model/info or /health.
bool is_secret_name(std::string_view name) {
    auto word = lower(name);
    for (std::string_view part : {"key", "secret", "token", "password", "credential", "authorization"})
        if (word.find(part) != std::string::npos && word.find("tokens") == std::string::npos &&
            word.find("per_token") == std::string::npos && word.find("token_cost") == std::string::npos &&
            word != "litellm_credential_name")
            return true;
    return false;
}

Node without_secrets(const Node& node) {
    Node copy = node;
    std::erase_if(copy.members, [](auto& member) { return is_secret_name(member.first); });
    for (auto& [name, value] : copy.members) {
        if (name == "headers" || name == "extra_headers") {
            for (auto& [header, text] : value.members)
                text = Node{.kind = Node::Kind::Scalar, .text = std::string(kHidden), .quoted = true};
        } else {
            value = without_secrets(value);
        }
    }
    for (auto& item : copy.items) item = without_secrets(item);
    return copy;
}

// Body parameters that every upstream wants as numbers, however the file writes them.
bool is_numeric_parameter(std::string_view name) {
    for (std::string_view numeric : {"temperature", "top_p", "top_k", "max_tokens", "max_completion_tokens",
                                     "n", "seed", "presence_penalty", "frequency_penalty", "top_logprobs"})
        if (name == numeric) return true;
    return false;
}

// Prices of what is not counted here, such as seconds of audio; no upstream wants them either.
bool is_price(std::string_view name) {
    return name.find("cost_per_") != std::string_view::npos ||
           name.find("_token_cost") != std::string_view::npos;
}

class DeploymentReader {
  public:
    DeploymentReader(const Node& entry, Node params, Notes& notes)
        : entry_(entry), params_(std::move(params)), notes_(notes) {}

    std::vector<std::shared_ptr<const Deployment>> read() {
        Deployment deployment;
        auto name = read_text(entry_.find("model_name"), notes_);
        auto model = read_text(params_.find("model"), notes_);
        if (!model || model->empty()) {
            notes_.errors.push_back(fmt::format("{}the entry {} has no litellm_params.model; it is skipped",
                                                entry_.place(), name.value_or("without model_name")));
            return {};
        }
        deployment.litellm_model = *model;
        deployment.model_name = name.value_or(*model);
        read_access(deployment);
        read_limits(deployment);
        read_body(deployment);
        read_info(deployment);
        deployment.wire = read_wire_settings(params_, entry_.find("model_info"), notes_);

        std::vector<std::shared_ptr<const Deployment>> made;
        auto organizations = read_texts(params_.find("organization"), notes_);
        if (organizations.empty()) organizations.emplace_back();
        for (auto& organization : organizations) {
            auto one = deployment;
            one.state = std::make_shared<DeploymentState>();
            one.organization = organization;
            finish_id(one, organizations.size() > 1);
            made.push_back(std::make_shared<const Deployment>(std::move(one)));
        }
        return made;
    }

  private:
    void read_access(Deployment& d) {
        auto base = params_.find("api_base");
        if (!base || base->is_null()) base = params_.find("base_url");
        if (!base || base->is_null()) base = params_.find("aws_bedrock_runtime_endpoint");
        d.api_base = read_text(base, notes_).value_or("");
        d.ssl_verify = std::string(trim(read_text(params_.find("ssl_verify"), notes_).value_or("")));
        check_access(params_, notes_);
        d.api_version = read_text(params_.find("api_version"), notes_).value_or("");
        d.forced_provider = read_text(params_.find("custom_llm_provider"), notes_).value_or("");
        if (!d.forced_provider.empty() && !find_provider(d.forced_provider))
            notes_.warnings.push_back(fmt::format("{}custom_llm_provider \"{}\" is not a known provider",
                                                  params_.find("custom_llm_provider")->place(),
                                                  d.forced_provider));
        if (auto key = params_.find("api_key")) {
            d.api_key = SecretText(std::string(trim(read_text(key, notes_).value_or(""))));
            d.missing_key_variable = key->missing_variable;
        }
        for (auto name : {"headers", "extra_headers"}) {
            auto headers = params_.find(name);
            if (!headers) continue;
            for (auto& [header, value] : headers->members) {
                auto text = read_text(&value, notes_);
                if (!text) continue;
                if (http::is_token(header) && http::is_field_value(*text))
                    d.headers.emplace_back(header, *text);
                else
                    notes_.errors.push_back(fmt::format("{}{}.{} cannot be sent as a header; it is left out",
                                                        value.place(), name, header));
            }
        }
        for (auto& name : read_texts(params_.find("configurable_clientside_auth_params"), notes_)) {
            if (name == "api_key")
                d.client_may_set_key = true;
            else if (name == "api_base" || name == "base_url")
                d.client_may_set_base = true;
            else
                notes_.warnings.push_back(
                    fmt::format("{}configurable_clientside_auth_params: {} cannot be set by clients here",
                                params_.place(), name));
        }
    }

    void read_limits(Deployment& d) {
        auto number = [&](const char* name) {
            auto value = read_number(params_.find(name), notes_);
            return value ? value : read_number(entry_.find(name), notes_);
        };
        auto duration = [&](const char* name) -> std::optional<Duration> {
            auto seconds = read_number(params_.find(name), notes_);
            return seconds ? seconds_to_duration(*seconds) : std::nullopt;
        };
        d.timeout = duration("timeout");
        d.stream_timeout = duration("stream_timeout");
        auto retries = read_integer(params_.find("max_retries"), notes_);
        if (!retries) retries = read_integer(params_.find("num_retries"), notes_);
        if (retries) d.num_retries = static_cast<int>(std::clamp<std::int64_t>(*retries, 0, 100));
        d.rpm = number("rpm");
        d.tpm = number("tpm");
        d.weight = read_number(params_.find("weight"), notes_);
        d.order = static_cast<int>(std::clamp<std::int64_t>(
            read_integer(params_.find("order"), notes_).value_or(0), -1'000'000, 1'000'000));
        if (auto most = read_integer(params_.find("max_parallel_requests"), notes_); most && *most > 0)
            d.max_parallel_requests = static_cast<int>(std::min<std::int64_t>(*most, 1'000'000));
        d.cooldown_time = duration("cooldown_time");
        d.for_pass_through = read_bool(params_.find("use_in_pass_through"), notes_).value_or(false);
        d.tags = read_texts(params_.find("tags"), notes_);
        d.budget = read_budget(params_, "max_budget", "budget_duration", notes_);
        d.input_price = read_number(params_.find("input_cost_per_token"), notes_);
        d.output_price = read_number(params_.find("output_cost_per_token"), notes_);
    }

    void read_body(Deployment& d) {
        if (auto mock = params_.find("mock_response"); mock && !mock->is_null())
            d.mock_response = mock->kind == Node::Kind::Scalar ? mock->text : to_json(*mock);
        d.drop_params = read_texts(params_.find("additional_drop_params"), notes_);
        if (auto extra = params_.find("extra_body"))
            for (auto& [name, value] : extra->members) d.extra_body.emplace_back(name, to_json(value));
        auto& known = known_keys("litellm_params");
        auto& body = known_keys("body");
        auto is_in = [](auto& keys, auto& key) {
            return std::find(keys.begin(), keys.end(), key) != keys.end();
        };
        for (auto& [name, value] : params_.members) {
            if (is_in(known.used, name)) continue;
            if (is_in(known.later, name) || is_price(name) || is_gateway_owned(name)) {
                notes_.warnings.push_back(without_effect(value, "litellm_params." + name));
                continue;
            }
            // Everything else is a body value, but for what is all but certainly a typo of the gateway's own.
            auto candidates = known.used;
            candidates.insert(candidates.end(), body.used.begin(), body.used.end());
            if (auto meant = nearest(name, candidates); !meant.empty() && !is_in(body.used, name)) {
                bool sent = is_in(body.used, meant) || nearest(name, known.used, name.size() / 5 + 1).empty();
                notes_.warnings.push_back(
                    fmt::format("{}litellm_params.{} is not a known key (did you mean {}?); {}",
                                value.place(), name, meant,
                                sent ? "it is sent as part of the request body"
                                     : "it is left out. A parameter of the provider's goes into extra_body"));
                if (!sent) continue;
            }
            if (value.is_null()) continue;
            auto plain = value;
            if (is_numeric_parameter(name)) plain.quoted = false;
            d.defaults.emplace_back(name, to_json(plain));
        }
    }

    void read_info(Deployment& d) {
        auto info = entry_.find("model_info");
        if (!info || !info->is_map()) return;
        d.id = read_text(info->find("id"), notes_).value_or("");
        d.mode = read_text(info->find("mode"), notes_).value_or("chat");
        d.health_check_model = read_text(info->find("health_check_model"), notes_).value_or("");
        if (auto seconds = read_number(info->find("health_check_timeout"), notes_))
            d.health_check_timeout = seconds_to_duration(*seconds).value_or(d.health_check_timeout);
        d.no_background_check =
            read_bool(info->find("disable_background_health_check"), notes_).value_or(false);
        if (auto tokens = read_integer(info->find("health_check_max_tokens"), notes_))
            d.health_check_max_tokens = static_cast<int>(std::clamp<std::int64_t>(*tokens, 1, 100'000));
        if (auto most = read_integer(info->find("max_input_tokens"), notes_); most && *most > 0)
            d.max_input_tokens = *most;
        if (!d.input_price) d.input_price = read_number(info->find("input_cost_per_token"), notes_);
        if (!d.output_price) d.output_price = read_number(info->find("output_cost_per_token"), notes_);
    }

    void finish_id(Deployment& d, bool one_of_several) {
        if (d.id.empty() || one_of_several)
            d.id = sha256_hex(
                fmt::format("{}\n{}\n{}\n{}", d.id, d.model_name, to_json(params_), d.organization));
        d.fingerprint = sha256_hex(fmt::format("{}\n{}\n{}", d.id, to_json(entry_), to_json(params_)));
        Node info{.kind = Node::Kind::Map};
        if (auto given = entry_.find("model_info"); given && given->is_map()) info = without_secrets(*given);
        info.set("id", Node{.kind = Node::Kind::Scalar, .text = d.id, .quoted = true});
        if (!info.find("mode"))
            info.set("mode", Node{.kind = Node::Kind::Scalar, .text = d.mode, .quoted = true});
        d.info_json = to_json(info);
        d.params_json = to_json(without_secrets(params_));
    }

    const Node& entry_;
    Node params_;
    Notes& notes_;
};

// The deployment's own values, then its credential's, then the router's defaults.
Node gather_params(const Node& entry, const Node* defaults, const Credentials& credentials, Notes& notes) {
    Node params{.kind = Node::Kind::Map, .file = entry.file, .line = entry.line};
    if (auto own = entry.find("litellm_params"); own && own->is_map()) params = *own;
    auto add = [&](const Node& more) {
        for (auto& [name, value] : more.members)
            if (auto present = params.find(name);
                !present || (present->is_null() && present->missing_variable.empty()))
                params.set(name, value);
    };
    if (auto name = read_text(params.find("litellm_credential_name"), notes)) {
        auto found = credentials.find(*name);
        if (found != credentials.end())
            add(found->second);
        else
            notes.errors.push_back(fmt::format("{}the credential \"{}\" is not in credential_list",
                                               params.find("litellm_credential_name")->place(), *name));
    }
    if (defaults && defaults->is_map()) add(*defaults);
    return params;
}

}  // namespace

std::vector<std::shared_ptr<const Deployment>> read_deployments(const Node& list, const Node* defaults,
                                                                const Credentials& credentials, Notes& notes,
                                                                std::vector<std::string>* places) {
    std::vector<std::shared_ptr<const Deployment>> deployments;
    if (list.is_null()) return deployments;
    if (!list.is_list()) {
        notes.errors.push_back(fmt::format("{}model_list must be a list; it is ignored", list.place()));
        return deployments;
    }
    for (auto& entry : list.items) {
        if (!entry.is_map()) {
            notes.errors.push_back(fmt::format(
                "{}an entry of model_list must be a map with model_name and litellm_params; it is skipped",
                entry.place()));
            continue;
        }
        warn_about_keys(entry, "model_list", notes);
        auto params = gather_params(entry, defaults, credentials, notes);
        auto model = params.find("model");
        auto place = model ? model->place() : entry.place();
        auto made = DeploymentReader(entry, std::move(params), notes).read();
        if (places) places->insert(places->end(), made.size(), place);
        deployments.insert(deployments.end(), made.begin(), made.end());
    }
    return deployments;
}

bool is_open_ended(const Deployment& deployment) {
    return deployment.is_wildcard() && deployment.forced_provider.empty() &&
           deployment.litellm_model.starts_with('*');
}

}  // namespace seance::litellm
