#include "platform/targets/railway/api.hpp"

#include <fmt/format.h>

#include "platform/remote/both.hpp"
#include "platform/targets/railway/detail/operation.hpp"
#include "platform/targets/railway/parse.hpp"

namespace seance::railway {
namespace {

std::vector<WorkspaceName> workspaces_of(JsonView json) {
    std::vector<WorkspaceName> out;
    for (auto item : json.items())
        if (WorkspaceName found{WorkspaceId(item["id"].text_or()), item["name"].text_or()}; !found.id.empty())
            out.push_back(std::move(found));
    return out;
}

CredentialInfo read_project_token(JsonView token) {
    CredentialInfo out;
    out.kind = CredentialInfo::Kind::Project;
    out.project = ProjectId(token["projectId"].text_or(token["project"]["id"].text_or()));
    out.project_name = token["project"]["name"].text_or();
    out.environment = EnvironmentId(token["environmentId"].text_or(token["environment"]["id"].text_or()));
    out.environment_name = token["environment"]["name"].text_or();
    return out;
}

using Found = Reply<CredentialInfo>;

Awaitable<Found> probe_as_project(Graphql& graphql) {
    Call call;
    call.document = document(Query::ProjectToken);
    auto data = co_await graphql.send_as(TokenKind::Project, std::move(call));
    if (!data) co_return data.error();
    auto info = read_project_token(JsonView(data->if_contains("projectToken")));
    if (info.project.empty() || info.environment.empty()) co_return detail::nonsense("projectToken");
    co_return info;
}

Awaitable<Found> probe_as_bearer(Graphql& graphql) {
    Call person, workspaces;
    person.document = document(Query::Me);
    workspaces.document = document(Query::ApiToken);
    auto ask_person = graphql.send_as(TokenKind::Account, std::move(person));
    auto ask_workspaces = graphql.send_as(TokenKind::Account, std::move(workspaces));
    auto [me, token] = co_await remote::both(std::move(ask_person), std::move(ask_workspaces));
    CredentialInfo info;
    if (me) {
        JsonView found(me->if_contains("me"));
        info.kind = CredentialInfo::Kind::Account;
        info.person = found["name"].text_or(found["email"].text_or());
        info.workspaces = workspaces_of(found["workspaces"]);
        if (!found["id"].present()) co_return detail::nonsense("me");
        co_return info;
    }
    if (!token) co_return token.error();
    info.kind = CredentialInfo::Kind::Workspace;
    info.workspaces = workspaces_of(JsonView(token->if_contains("apiToken"))["workspaces"]);
    co_return info;
}

Awaitable<Found> probe_as(Graphql& graphql, TokenKind kind) {
    return kind == TokenKind::Project ? probe_as_project(graphql) : probe_as_bearer(graphql);
}

}  // namespace

Awaitable<Reply<CredentialInfo>> Api::probe_credential() {
    if (known_) co_return *known_;
    auto given = graphql_.credential().kind;
    remote::Backoff backoff(graphql_.options().retry);
    while (true) {
        auto found = co_await probe_as(graphql_, given);
        if (!found && found.error().kind == FailureKind::Auth) {
            // Both kinds look alike, and each is refused in the other's header.
            auto other = given == TokenKind::Project ? TokenKind::Account : TokenKind::Project;
            auto elsewhere = co_await probe_as(graphql_, other);
            if (elsewhere) {
                graphql_.set_kind(other);
                elsewhere->misplaced = true;
                elsewhere->advice =
                    fmt::format("it was given as {}: put it into {}", describe(given),
                                other == TokenKind::Project ? "RAILWAY_TOKEN" : "RAILWAY_API_TOKEN");
                found = std::move(elsewhere);
            }
        }
        if (found) {
            known_ = *found;
            co_return *found;
        }
        auto failure = found.error();
        bool passing = failure.kind != FailureKind::Auth && failure.kind != FailureKind::NotFound;
        auto pause = passing ? backoff.next() : std::nullopt;
        if (!pause) {
            if (failure.kind == FailureKind::Auth)
                failure.what = fmt::format(
                    "Railway does not know the token given as {}: it is wrong, expired or revoked; make a "
                    "new one and set "
                    "it again",
                    describe(given));
            co_return failure;
        }
        co_await remote::pause(*pause, graphql_.options().retry.backoff_scale);
    }
}

// "Not authorized" is said of a dead credential and of a live one without access alike: asks which it is.
Awaitable<Failure> Api::explain(Failure failure) {
    if (failure.kind != FailureKind::Auth) co_return failure;
    auto info = co_await probe_credential();
    if (!info) {
        if (info.error().kind == FailureKind::Auth) failure.what = info.error().what;
        co_return failure;
    }
    if (info->kind == CredentialInfo::Kind::Project)
        failure.what += fmt::format(
            "; the token is alive, {}, but has no access to this: another environment or project, and making "
            "projects "
            "or environments, needs an account or workspace token in RAILWAY_API_TOKEN (and RAILWAY_TOKEN "
            "unset)",
            info->sentence());
    else
        failure.what += fmt::format("; the token is alive, {}, but has no access to this", info->sentence());
    co_return failure;
}

Awaitable<Reply<boost::json::object>> Api::call(Call call) {
    auto kind = graphql_.credential().kind;
    auto again = call;
    auto data = co_await graphql_.send(std::move(call));
    if (data || data.error().kind != FailureKind::Auth) co_return data;
    auto explained = co_await explain(data.error());
    // The probe may have found that the token travels in the other header. Nothing was done: it was refused.
    if (graphql_.credential().kind == kind) co_return explained;
    co_return co_await graphql_.send(std::move(again));
}

// A change that answers Boolean!.
Awaitable<Reply<void>> Api::change(Call call) {
    auto doing = call.document.name;
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    // The field has the operation's name; its alias is nobody's.
    auto done = JsonView(data->if_contains(doing)).boolean();
    if (!done) co_return detail::nonsense(doing);
    if (!*done) {
        Failure failure;
        failure.kind = FailureKind::User;
        failure.what = fmt::format("Railway did not do {}, and gives no reason", doing);
        co_return failure;
    }
    co_return Reply<void>{};
}

Awaitable<Reply<void>> Api::act_on(Mutation mutation, std::string id, Idempotent idempotent) {
    if (id.empty()) co_return detail::no_id(document(mutation).name);
    Call call;
    call.document = document(mutation);
    call.variables["id"] = id;
    call.idempotent = idempotent;
    co_return co_await change(std::move(call));
}

}  // namespace seance::railway
