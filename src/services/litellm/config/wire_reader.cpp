#include "services/litellm/config/wire_reader.hpp"

#include "core/base/text.hpp"

namespace seance::litellm {

WireSettings read_wire_settings(const Node& params, const Node* info, Notes& notes) {
    WireSettings settings;
    auto text = [&](const char* name) {
        return std::string(trim(read_text(params.find(name), notes).value_or("")));
    };
    settings.drop_params = read_bool(params.find("drop_params"), notes);
    settings.allowed_params = read_texts(params.find("allowed_openai_params"), notes);
    for (auto name : {"max_tokens", "max_output_tokens"})
        if (auto most = info ? read_integer(info->find(name), notes) : std::nullopt; most && *most > 0)
            settings.max_output_tokens = static_cast<std::uint64_t>(*most);
    settings.aws_region = text("aws_region_name");
    settings.aws_profile = text("aws_profile_name");
    settings.aws_role = text("aws_role_name");
    settings.aws_session_name = text("aws_session_name");
    settings.aws_external_id = text("aws_external_id");
    settings.aws_sts = text("aws_sts_endpoint");
    settings.aws_id = SecretText(text("aws_access_key_id"));
    settings.aws_secret = SecretText(text("aws_secret_access_key"));
    settings.aws_session = SecretText(text("aws_session_token"));
    settings.azure_token = SecretText(text("azure_ad_token"));
    settings.vertex_project = text("vertex_project");
    settings.vertex_location = text("vertex_location");
    if (auto node = params.find("vertex_credentials"); node && !node->is_null())
        settings.vertex_credentials =
            SecretText(node->is_map() ? to_json(*node) : text("vertex_credentials"));
    return settings;
}

}  // namespace seance::litellm
