#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"
#include "platform/targets/railway/ids.hpp"

namespace seance::railway {

// In which header a token travels. They are not interchangeable.
enum class TokenKind {
    Project,  // Project-Access-Token: one environment of one project (RAILWAY_TOKEN)
    Account,  // Authorization: Bearer; an account's or a workspace's token (RAILWAY_API_TOKEN)
};

struct Credential {
    TokenKind kind = TokenKind::Project;
    SecretText token;
};

// As Railway's own client chooses: RAILWAY_TOKEN before RAILWAY_API_TOKEN; nothing if both are empty.
std::optional<Credential> choose_credential(std::string_view project_token, std::string_view api_token);

std::string_view describe(TokenKind kind);  // "a project token (RAILWAY_TOKEN)"

struct WorkspaceName {
    WorkspaceId id;
    std::string name;
};

// What a token is, found by asking.
struct CredentialInfo {
    enum class Kind { Project, Workspace, Account };
    Kind kind = Kind::Project;
    bool misplaced = false;                 // found to be of the other kind than it was given as
    std::string advice;                     // with `misplaced`: which variable it belongs into
    std::string person;                     // Account: name or e-mail address
    std::vector<WorkspaceName> workspaces;  // Account, Workspace: those it may act on
    // Project: the only ones it reaches.
    ProjectId project;
    std::string project_name;
    EnvironmentId environment;
    std::string environment_name;

    std::string sentence() const;  // for doctor: "a project token for seance / production"
};

}  // namespace seance::railway
