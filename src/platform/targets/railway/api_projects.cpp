#include <algorithm>
#include <set>

#include "platform/targets/railway/api.hpp"
#include "platform/targets/railway/detail/operation.hpp"

namespace seance::railway {
namespace {

std::optional<EnvironmentName> parse_environment_name(JsonView json) {
    EnvironmentName out;
    out.id = EnvironmentId(json["id"].text_or());
    if (out.id.empty() || json["deletedAt"].present()) return std::nullopt;
    out.name = json["name"].text_or();
    out.is_ephemeral = json["isEphemeral"].boolean().value_or(false);
    return out;
}

std::optional<ServiceName> parse_service_name(JsonView json) {
    ServiceName out{ServiceId(json["id"].text_or()), json["name"].text_or()};
    if (out.id.empty() || json["deletedAt"].present()) return std::nullopt;
    return out;
}

std::optional<VolumeName> parse_volume_name(JsonView json) {
    VolumeName out{VolumeId(json["id"].text_or()), json["name"].text_or()};
    if (out.id.empty()) return std::nullopt;
    return out;
}

std::optional<Project> parse_project(JsonView json) {
    Project out;
    out.id = ProjectId(json["id"].text_or());
    if (out.id.empty() || json["deletedAt"].present()) return std::nullopt;
    out.name = json["name"].text_or();
    out.workspace = WorkspaceId(json["workspaceId"].text_or());
    out.created_at = json["createdAt"].text_or();
    out.environments = parse_all(json["environments"].nodes(), parse_environment_name);
    out.services = parse_all(json["services"].nodes(), parse_service_name);
    out.volumes = parse_all(json["volumes"].nodes(), parse_volume_name);
    return out;
}

// What a page adds to a list that already holds what earlier pages told.
template <class Named>
void add_new(std::vector<Named>& list, std::vector<Named> page) {
    for (auto& item : page) {
        bool there =
            std::any_of(list.begin(), list.end(), [&](const Named& other) { return other.id == item.id; });
        if (!there) list.push_back(std::move(item));
    }
}

std::optional<PrivateNetwork> parse_private_network(JsonView json) {
    PrivateNetwork out{json["publicId"].text_or(), json["name"].text_or(), json["dnsName"].text_or()};
    if (out.id.empty() || json["deletedAt"].present()) return std::nullopt;
    return out;
}

Failure needs_account_token(std::string_view what) {
    Failure failure;
    failure.kind = FailureKind::Auth;
    failure.what = fmt::format(
        "{} needs an account or workspace token in RAILWAY_API_TOKEN; here is {}, which reaches one "
        "environment of one "
        "project only",
        what, describe(TokenKind::Project));
    return failure;
}

}  // namespace

Awaitable<Reply<std::vector<Project>>> Api::find_projects(std::string name, WorkspaceId workspace) {
    std::vector<Project> found;
    if (graphql_.credential().kind == TokenKind::Project) {
        auto info = co_await probe_credential();
        if (!info) co_return info.error();
        if (info->kind == CredentialInfo::Kind::Project) {
            if (info->project_name != name) co_return found;
            auto only = co_await project(info->project);
            if (!only) co_return only.error();
            found.push_back(std::move(*only));
            co_return found;
        }
    }
    std::optional<std::string> cursor;
    for (int page = 0; page < detail::kMostPages; ++page) {
        Call call;
        call.document = document(Query::Projects);
        if (!workspace.empty()) call.variables["workspaceId"] = workspace.text();
        if (cursor) call.variables["after"] = *cursor;
        auto data = co_await this->call(std::move(call));
        if (!data) co_return data.error();
        auto connection = detail::member(*data, "projects");
        for (auto& project : parse_all(connection.nodes(), parse_project))
            if (project.name == name) found.push_back(std::move(project));
        cursor = detail::next_page(connection);
        if (!cursor) break;
    }
    co_return found;
}

Awaitable<Reply<Project>> Api::project(ProjectId id) {
    if (id.empty()) co_return detail::no_id("project");
    Project whole;
    boost::json::object cursors;
    for (int page = 0; page < detail::kMostPages; ++page) {
        Call call;
        call.document = document(Query::Project);
        call.variables = cursors;
        call.variables["id"] = id.text();
        auto data = co_await this->call(std::move(call));
        if (!data) co_return data.error();
        auto json = detail::member(*data, "project");
        auto part = parse_project(json);
        if (!part) co_return detail::nonsense("project");
        if (page == 0) {
            whole = std::move(*part);
        } else {
            add_new(whole.environments, std::move(part->environments));
            add_new(whole.services, std::move(part->services));
            add_new(whole.volumes, std::move(part->volumes));
        }
        bool more = false;
        for (std::string_view list : {"environments", "services", "volumes"})
            if (auto cursor = detail::next_page(json[list])) {
                cursors[std::string(list) + "After"] = *cursor;
                more = true;
            }
        if (!more) break;
    }
    co_return whole;
}

Awaitable<Reply<Project>> Api::create_project(std::string name, WorkspaceId workspace,
                                              std::string environment_name) {
    if (graphql_.credential().kind == TokenKind::Project) co_return needs_account_token("making a project");
    Call call;
    call.document = document(Mutation::ProjectCreate);
    call.idempotent = Idempotent::No;
    boost::json::object input;
    input["name"] = name;
    if (!workspace.empty()) input["workspaceId"] = workspace.text();
    if (!environment_name.empty()) input["defaultEnvironmentName"] = environment_name;
    call.variables["input"] = std::move(input);
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    auto made = parse_project(detail::member(*data, "projectCreate"));
    if (!made) co_return detail::nonsense("projectCreate");
    co_return std::move(*made);
}

Awaitable<Reply<std::vector<EnvironmentName>>> Api::environments(ProjectId project) {
    if (project.empty()) co_return detail::no_id("environments");
    std::vector<EnvironmentName> found;
    std::optional<std::string> cursor;
    for (int page = 0; page < detail::kMostPages; ++page) {
        Call call;
        call.document = document(Query::Environments);
        call.variables["projectId"] = project.text();
        if (cursor) call.variables["after"] = *cursor;
        auto data = co_await this->call(std::move(call));
        if (!data) co_return data.error();
        auto connection = detail::member(*data, "environments");
        add_new(found, parse_all(connection.nodes(), parse_environment_name));
        cursor = detail::next_page(connection);
        if (!cursor) break;
    }
    co_return found;
}

Awaitable<Reply<EnvironmentName>> Api::create_environment(ProjectId project, std::string name) {
    if (project.empty()) co_return detail::no_id("environmentCreate");
    if (graphql_.credential().kind == TokenKind::Project)
        co_return needs_account_token("making an environment");
    Call call;
    call.document = document(Mutation::EnvironmentCreate);
    call.idempotent = Idempotent::No;
    call.variables["projectId"] = project.text();
    call.variables["name"] = name;
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    auto made = parse_environment_name(detail::member(*data, "environmentCreate"));
    if (!made) co_return detail::nonsense("environmentCreate");
    co_return std::move(*made);
}

Awaitable<Reply<std::vector<Region>>> Api::regions(ProjectId project) {
    Call call;
    call.document = document(Query::Regions);
    if (!project.empty()) call.variables["projectId"] = project.text();
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    co_return parse_all(detail::member(*data, "regions").items(), parse_region);
}

Awaitable<Reply<std::vector<PrivateNetwork>>> Api::private_networks(EnvironmentId environment) {
    if (environment.empty()) co_return detail::no_id("privateNetworks");
    Call call;
    call.document = document(Query::PrivateNetworks);
    call.variables["environmentId"] = environment.text();
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    co_return parse_all(detail::member(*data, "privateNetworks").items(), parse_private_network);
}

}  // namespace seance::railway
