#include <algorithm>

#include "platform/remote/timestamp.hpp"
#include "platform/targets/railway/api.hpp"
#include "platform/targets/railway/detail/operation.hpp"

namespace seance::railway {
namespace {

constexpr int kMostLines = 5000;

bool has_dates(Query query) {
    return query == Query::BuildLogs || query == Query::DeploymentLogs;
}

Call log_call(Query query, const std::string& id, const LogQuery& limits) {
    Call call;
    call.document = document(query);
    call.variables["id"] = id;
    call.variables["limit"] = std::clamp(limits.limit, 1, kMostLines);
    call.variables["filter"] = limits.filter;  // an empty one means all; leaving it out is said to fail
    if (!limits.since.empty() && has_dates(query)) call.variables["since"] = limits.since;
    if (!limits.until.empty()) call.variables["until"] = limits.until;
    return call;
}

// The dates asked for, and the newest of what is left: Railway answers one entry more than it was asked for
// now and then.
template <class Line>
void keep_wanted(std::vector<Line>& lines, const LogQuery& limits) {
    auto since = remote::parse_timestamp(limits.since), until = remote::parse_timestamp(limits.until);
    std::erase_if(lines, [&](const Line& line) {
        auto time = remote::parse_timestamp(line.timestamp);
        return time && ((since && *time < *since) || (until && *time > *until));
    });
    auto most = static_cast<std::size_t>(std::clamp(limits.limit, 1, kMostLines));
    if (lines.size() > most) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(most));
}

}  // namespace

Awaitable<Reply<std::vector<LogLine>>> Api::logs(Query query, std::string id, LogQuery limits) {
    auto call = log_call(query, id, limits);
    auto doing = call.document.name;
    if (id.empty()) co_return detail::no_id(doing);
    auto data = co_await this->call(std::move(call));
    if (!data) co_return data.error();
    auto lines = parse_all(detail::member(*data, doing).items(), parse_log_line);
    keep_wanted(lines, limits);
    co_return lines;
}

Awaitable<Reply<std::vector<LogLine>>> Api::build_logs(const DeploymentId& id, LogQuery query) {
    return logs(Query::BuildLogs, id.text(), std::move(query));
}

Awaitable<Reply<std::vector<LogLine>>> Api::deployment_logs(const DeploymentId& id, LogQuery query) {
    return logs(Query::DeploymentLogs, id.text(), std::move(query));
}

Awaitable<Reply<std::vector<LogLine>>> Api::environment_logs(const EnvironmentId& id, LogQuery query) {
    return logs(Query::EnvironmentLogs, id.text(), std::move(query));
}

Awaitable<Reply<std::vector<HttpLogLine>>> Api::http_logs(DeploymentId id, LogQuery query) {
    if (id.empty()) co_return detail::no_id("httpLogs");
    auto ask = log_call(Query::HttpLogs, id.text(), query);
    auto data = co_await call(std::move(ask));
    if (!data) co_return data.error();
    auto lines = parse_all(detail::member(*data, "httpLogs").items(), parse_http_log_line);
    keep_wanted(lines, query);
    co_return lines;
}

}  // namespace seance::railway
