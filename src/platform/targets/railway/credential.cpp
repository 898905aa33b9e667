#include "platform/targets/railway/credential.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"

namespace seance::railway {

std::optional<Credential> choose_credential(std::string_view project_token, std::string_view api_token) {
    // A line end from a file or a paste is no part of a token.
    if (auto token = trim(project_token); !token.empty())
        return Credential{TokenKind::Project, SecretText(std::string(token))};
    if (auto token = trim(api_token); !token.empty())
        return Credential{TokenKind::Account, SecretText(std::string(token))};
    return std::nullopt;
}

std::string_view describe(TokenKind kind) {
    return kind == TokenKind::Project ? "a project token (RAILWAY_TOKEN)"
                                      : "an account or workspace token (RAILWAY_API_TOKEN)";
}

std::string CredentialInfo::sentence() const {
    std::string out;
    auto names = [&] {
        std::string list;
        for (const auto& workspace : workspaces) list += (list.empty() ? "" : ", ") + workspace.name;
        return list.empty() ? std::string("no workspace") : list;
    };
    switch (kind) {
        case Kind::Project:
            out = fmt::format("a project token for {} / {}", project_name, environment_name);
            break;
        case Kind::Workspace:
            out = fmt::format("a workspace token for {}", names());
            break;
        case Kind::Account:
            out = fmt::format("an account token of {} ({})", person, names());
            break;
    }
    return advice.empty() ? out : out + "; " + advice;
}

}  // namespace seance::railway
