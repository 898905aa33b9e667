#include "platform/targets/railway/log_stream.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "platform/targets/railway/deployment_state.hpp"
#include "platform/targets/railway/detail/operation.hpp"
#include "platform/targets/railway/log_merger.hpp"

namespace seance::railway {
namespace {

using Why = SubscriptionEnd::Why;
using Lines = std::vector<LogLine>;

constexpr int kMostLines = 5000;
// Of tries to come back to a connection that was there before; then by polling.
constexpr int kMostReconnects = 12;
// A WebSocket is tried again after so many polls.
constexpr int kPollsBetweenTries = 12;

std::optional<LogLine> parse_request(JsonView json) {
    auto line = parse_http_log_line(json);
    return line ? std::optional(as_log_line(*line)) : std::nullopt;
}

Awaitable<Reply<Lines>> ask_for_requests(Api& api, DeploymentId id, LogQuery query) {
    auto requests = co_await api.http_logs(std::move(id), std::move(query));
    if (!requests) co_return requests.error();
    Lines out;
    for (const auto& line : *requests) out.push_back(as_log_line(line));
    co_return out;
}

bool is_final(const Failure& failure) {
    return failure.kind == FailureKind::Auth || failure.kind == FailureKind::NotFound ||
           failure.kind == FailureKind::User;
}

}  // namespace

class LogStream::Impl {
  public:
    Impl(Api& a, Source s, std::string i, LogStreamOptions o)
        : api(a), source(s), id(std::move(i)), options(std::move(o)), pause(options.first_pause) {
        if (options.since.empty() && options.backlog <= 0)
            options.since = remote::print_timestamp(
                std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now()));
        since = remote::parse_timestamp(options.since);
    }

    Subscription subscription() const {
        switch (source) {
            case Source::Environment:
                return Subscription::EnvironmentLogs;
            case Source::Deployment:
                return Subscription::DeploymentLogs;
            case Source::Build:
                return Subscription::BuildLogs;
            case Source::Http:
                return Subscription::HttpLogs;
        }
        return Subscription::EnvironmentLogs;
    }

    bool begun() const { return !merger.newest().empty(); }

    // Lines from before: the backlog at first, and all that can be had over a reconnection, which reaches
    // further back than any number of seconds would. What is too old, or was given already, is dropped here.
    int limit() const {
        return begun() || !options.since.empty() ? kMostLines : std::clamp(options.backlog, 1, kMostLines);
    }

    boost::json::object variables() const {
        boost::json::object out;
        out["id"] = id;
        out["limit"] = limit();
        out["filter"] = options.filter;
        return out;
    }

    void note(std::string text) {
        if (text == said) return;
        said = std::move(text);
        if (options.on_note) options.on_note(said);
    }

    Lines fresh(Lines lines) {
        if (since)
            std::erase_if(lines, [&](const LogLine& line) {
                auto time = remote::parse_timestamp(line.timestamp);
                return time && *time < *since;
            });
        return merger.take(std::move(lines));
    }

    Awaitable<void> wait() {
        co_await remote::pause(pause, options.backoff_scale);
        pause = std::min(
            Duration(static_cast<Duration::rep>(static_cast<double>(pause.count()) * options.pause_growth)),
            options.longest_pause);
    }

    // A connection, or a decision about what to do without: polling, another try, or a final failure.
    Awaitable<std::optional<Failure>> connect() {
        if (failures > 0) co_await wait();
        auto query = document(subscription());
        auto opened = co_await SubscriptionStream::open(api.graphql(), std::move(query), variables(),
                                                        options.subscription);
        if (opened) {
            stream = std::move(*opened);
            merger.reconnected();
            connected_at = Clock::now();
            was_connected = true;
            note("");
            co_return std::nullopt;
        }
        auto end = opened.error();
        if (end.why == Why::Refused) co_return end.failure;
        ++failures;
        if ((end.why == Why::CannotConnect && !was_connected) || failures >= kMostReconnects) {
            polls_left = kPollsBetweenTries;
            note(
                fmt::format("polling every {}: {}", print_duration(options.poll_interval), end.failure.what));
        } else {
            note("reconnecting: " + end.failure.what);
        }
        co_return std::nullopt;
    }

    // True once nothing more will come. A closed stream says nothing about the deployment: it is asked.
    Awaitable<bool> is_over() {
        if (source == Source::Build) co_return true;
        if (source == Source::Environment) co_return false;
        auto deployment = co_await api.deployment(DeploymentId(id));
        co_return deployment&& standing(*deployment).phase == Phase::Ended;
    }

    // The next lines of the connection; none if it has ended.
    Awaitable<Reply<Lines>> read() {
        auto data = co_await stream->next();
        if (data) {
            auto field = detail::member(*data, document(subscription()).name);
            auto parse = source == Source::Http ? parse_request : parse_log_line;
            auto lines = fresh(parse_all(field.items(), parse));
            co_return lines;
        }
        auto end = data.error();
        stream.reset();
        if (Clock::now() - connected_at >= options.stable_after) {
            pause = options.first_pause;
            failures = 0;
        }
        if (end.why == Why::Refused) co_return end.failure;
        ++failures;
        if (end.why == Why::Completed) {
            completed = co_await is_over();
        } else {
            note("reconnecting: " + end.failure.what);
        }
        co_return Lines();
    }

    Awaitable<Reply<Lines>> ask() {
        LogQuery query;
        query.limit = limit();
        query.filter = options.filter;
        query.since = begun() ? merger.newest() : options.since;
        switch (source) {
            case Source::Environment:
                return api.environment_logs(EnvironmentId(id), std::move(query));
            case Source::Deployment:
                return api.deployment_logs(DeploymentId(id), std::move(query));
            case Source::Http:
                return ask_for_requests(api, DeploymentId(id), std::move(query));
            case Source::Build:
                break;
        }
        return api.build_logs(DeploymentId(id), std::move(query));
    }

    Awaitable<Reply<Lines>> poll() {
        if (polled) co_await remote::pause(options.poll_interval, options.backoff_scale);
        polled = true;
        if (--polls_left == 0) failures = 0;  // and a WebSocket is tried again, at once
        auto lines = co_await ask();
        if (!lines) {
            if (is_final(lines.error())) co_return lines.error();
            note("polling: " + lines.error().what);
            co_return Lines();
        }
        merger.reconnected();
        auto out = fresh(std::move(*lines));
        co_return out;
    }

    Api& api;
    Source source;
    std::string id;
    LogStreamOptions options;
    LogMerger merger;
    std::optional<remote::Timestamp> since;
    std::unique_ptr<SubscriptionStream> stream;
    Duration pause;
    Instant connected_at;
    std::string said;
    int failures = 0;    // since a connection was stable
    int polls_left = 0;  // before a WebSocket is tried again; 0: not polling
    bool polled = false, was_connected = false, completed = false;
};

LogStream::LogStream(Api& api, Source source, std::string id, LogStreamOptions options)
    : impl_(std::make_unique<Impl>(api, source, std::move(id), std::move(options))) {}
LogStream::~LogStream() = default;

bool LogStream::completed() const {
    return impl_->completed;
}

Awaitable<Reply<std::vector<LogLine>>> LogStream::next() {
    if (impl_->id.empty()) co_return detail::no_id("a log");
    while (!impl_->completed) {
        if (!impl_->stream && impl_->polls_left == 0) {
            auto failure = co_await impl_->connect();
            if (failure) co_return std::move(*failure);
            continue;
        }
        auto work = impl_->stream ? impl_->read() : impl_->poll();
        auto lines = co_await std::move(work);
        if (!lines || !lines->empty()) co_return lines;
    }
    co_return Lines();
}

}  // namespace seance::railway
