#include "cli/remote/logs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "cli/log_printer.hpp"
#include "cli/log_reader.hpp"
#include "cli/remote/environment.hpp"
#include "cli/remote/prepare.hpp"
#include "core/base/text.hpp"
#include "core/runtime/task_group.hpp"
#include "platform/targets/railway/log_stream.hpp"

namespace seance::cli {

namespace {

using railway::LogLine;
using railway::LogStream;
using Lines = std::vector<LogLine>;
using remote::Reply;

constexpr std::size_t kMostAtOnce = 5000;  // that Railway gives in one answer
constexpr std::size_t kUsual = 100;

// A log to read: of the whole environment, or of one deployment.
struct Origin {
    LogStream::Source source = LogStream::Source::Environment;
    std::string id;
};

LogText text_of(const LogLine& line) {
    return {line.message, line.severity, line.attributes};
}

class Reader {
  public:
    Reader(Context& context, const LogsOptions& options, std::string since, railway::Api& api,
           std::vector<std::string> services, std::map<std::string, std::string> names)
        : context_(context),
          options_(options),
          since_(std::move(since)),
          api_(api),
          names_(std::move(names)),
          printer_(context, std::move(services)) {}

    void keep_services(std::set<std::string> ids) { only_ = std::move(ids); }

    // What is there already, all origins merged by time.
    Awaitable<Reply<void>> show(std::vector<Origin> origins) {
        Lines all;
        for (const auto& origin : origins) {
            auto lines = co_await read(origin);
            if (!lines) co_return lines.error();
            all.insert(all.end(), lines->begin(), lines->end());
        }
        std::stable_sort(all.begin(), all.end(),
                         [](const LogLine& a, const LogLine& b) { return a.timestamp < b.timestamp; });
        auto lines = last(std::move(all));
        if (lines.empty()) context_.note(nothing());
        print(lines);
        co_return Reply<void>{};
    }

    // All origins side by side, until each is over: builds end, services do not.
    Awaitable<Reply<void>> follow(std::vector<Origin> origins) {
        auto executor = co_await asio::this_coro::executor;
        TaskGroup tasks{executor};
        for (const auto& origin : origins) tasks.spawn(follow_one(origin));
        co_await tasks.wait();
        if (failure_) co_return *failure_;
        co_return Reply<void>{};
    }

  private:
    // Silence is an answer that has to be said: something that was refused before it started writes nothing.
    std::string nothing() const {
        if (filters() || !since_.empty()) return "no such lines";
        if (options_.deployment.empty()) return "nothing was written yet";
        return options_.build ? fmt::format("building deployment {} printed nothing", options_.deployment)
                              : fmt::format(
                                    "deployment {} has written nothing, or its log is gone; what building "
                                    "it printed: {} logs --build --deployment {}",
                                    options_.deployment, context_.command(), options_.deployment);
    }
    bool filters() const { return options_.filter.set(); }
    std::size_t wanted() const {
        return options_.lines != 0 ? options_.lines : since_.empty() ? kUsual : kMostAtOnce;
    }
    // What is filtered here is asked for in full.
    int limit() const { return static_cast<int>(filters() ? kMostAtOnce : std::min(wanted(), kMostAtOnce)); }
    // Railway's filter of services: by id, and by name, since a line of ours has an attribute "service" too,
    // which may be what is compared. Which lines really are of a service is looked at here; so are grep and
    // level, as a line of ours has its text in an attribute, which Railway's words do not find.
    std::string filter(const Origin& origin) const {
        std::string out;
        if (origin.source != LogStream::Source::Environment) return out;
        for (const auto& id : only_)
            out += fmt::format("{}@service:{} OR @service:{}", out.empty() ? "" : " OR ", id, names_.at(id));
        return out;
    }

    Awaitable<Reply<Lines>> read(const Origin& origin) {
        railway::LogQuery query;
        query.limit = limit();
        query.filter = filter(origin);
        query.since = since_;
        switch (origin.source) {
            case LogStream::Source::Environment:
                return api_.environment_logs(railway::EnvironmentId(origin.id), std::move(query));
            case LogStream::Source::Build:
                return api_.build_logs(railway::DeploymentId(origin.id), std::move(query));
            default:
                return api_.deployment_logs(railway::DeploymentId(origin.id), std::move(query));
        }
    }

    Awaitable<void> follow_one(Origin origin) {
        railway::LogStreamOptions options;
        options.filter = filter(origin);
        options.backlog = limit();
        options.since = since_;
        options.on_note = [this](std::string_view text) {
            context_.note(text.empty() ? "… the log goes on" : fmt::format("… {}", text));
        };
        LogStream stream{api_, origin.source, origin.id, std::move(options)};
        for (bool first = true; !stream.completed(); first = false) {
            auto lines = co_await stream.next();
            if (!lines) {
                if (!failure_) failure_ = lines.error();
                co_return;
            }
            print(first ? last(std::move(*lines)) : std::move(*lines));
        }
    }

    bool is_wanted(const LogLine& line) const {
        // A build's lines carry no service.
        if (!only_.empty() && !line.service.empty() && !only_.contains(line.service.text())) return false;
        return options_.filter.passes(text_of(line));
    }

    Lines last(Lines lines) const {
        std::erase_if(lines, [this](const LogLine& line) { return !is_wanted(line); });
        if (lines.size() > wanted())
            lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(wanted()));
        return lines;
    }

    void print(const Lines& lines) const {
        std::string out;
        for (const auto& line : lines)
            if (is_wanted(line)) out += context_.json ? as_json(line) : as_text(line);
        if (!out.empty()) context_.result(out);
    }

    std::string service_of(const LogLine& line) const {
        const auto found = names_.find(line.service.text());
        return found == names_.end() ? line.service.text() : found->second;
    }

    std::string as_text(const LogLine& line) const {
        // Milliseconds are enough for people.
        auto time = line.timestamp;
        if (const auto dot = time.find('.'); dot != std::string::npos && time.size() > dot + 5)
            time = time.substr(0, dot + 4) + "Z";
        return printer_.line(time, service_of(line), readable(text_of(line)), level_of(text_of(line)));
    }

    std::string as_json(const LogLine& line) const {
        return boost::json::serialize(boost::json::object{{"ts", line.timestamp},
                                                          {"type", "log"},
                                                          {"service", service_of(line)},
                                                          {"deployment", line.deployment.text()},
                                                          {"level", level_of(text_of(line))},
                                                          {"message", line.message},
                                                          {"attributes", attributes_of(text_of(line))}}) +
               "\n";
    }

    Context& context_;
    const LogsOptions& options_;
    std::string since_;
    railway::Api& api_;
    std::map<std::string, std::string> names_;
    LogPrinter printer_;
    std::set<std::string> only_;
    std::optional<remote::Failure> failure_;
};

// Nothing is held that would have to be given back.
void leave(int) {
    ::_exit(kInterrupted);
}

// "2026-11-24T06:47" is a time cut short; Railway wants it whole.
std::string whole_time(std::string time) {
    static constexpr std::string_view kRest = "0000-01-01T00:00:00";
    if (time.empty()) return time;
    if (time.ends_with('Z')) time.pop_back();
    if (time.size() < kRest.size()) time += kRest.substr(time.size());
    return time + "Z";
}

// Fails with the context's exit code set.
std::optional<std::string> since_of(Context& context, const std::string& given) {
    if (given.empty()) return std::string{};
    const auto parsed = parse_since(given, std::chrono::system_clock::now());
    if (parsed) return whole_time(*parsed);
    context.exit_code = context.fail(
        kUsage, "USAGE",
        fmt::format("--since is \"{}\"; give a time back such as 10m, or one such as 2026-11-24T06:47Z",
                    given));
    return std::nullopt;
}

}  // namespace

int remote_logs(Context& context, const Manifest& manifest, const LogsOptions& options) {
    const auto since = since_of(context, options.since);
    if (!since) return context.exit_code;
    auto remote = find_remote(context, manifest);
    if (!remote) return context.exit_code;
    auto& api = remote->reach->session().api;
    auto latest = ask(context, *remote->reach, api.latest_deployments(remote->place.environment),
                      "reading the services");
    if (!latest) return context.exit_code;

    std::map<std::string, std::string> names;
    auto services = names_of(manifest.stack);
    std::set<std::string> only;
    for (const auto& one : *latest) {
        names[one.service.text()] = one.service_name;
        if (std::find(services.begin(), services.end(), one.service_name) == services.end())
            services.push_back(one.service_name);
    }
    for (const auto& name : options.services) {
        if (std::find(services.begin(), services.end(), name) == services.end())
            return context.fail(kNotThere, "NO_SERVICE",
                                fmt::format("there is no service {}{}", name, did_you_mean(name, services)),
                                fmt::format("there are {}", fmt::join(services, ", ")));
        const auto found = std::find_if(latest->begin(), latest->end(),
                                        [&](const auto& one) { return one.service_name == name; });
        if (found == latest->end())
            return context.fail(kNotThere, "NOT_DEPLOYED",
                                fmt::format("{} is not deployed in {}", name, manifest.environment.name),
                                fmt::format("seance -e {} deploy", manifest.environment.name));
        only.insert(found->service.text());
    }

    std::vector<Origin> origins;
    const auto of_deployment = options.build ? LogStream::Source::Build : LogStream::Source::Deployment;
    if (!options.deployment.empty())
        origins.push_back({of_deployment, options.deployment});
    else if (options.build) {
        for (const auto& one : *latest)
            if (one.deployment && (only.empty() || only.contains(one.service.text())))
                origins.push_back({LogStream::Source::Build, one.deployment->id.text()});
    } else
        origins.push_back({LogStream::Source::Environment, remote->place.environment.text()});

    Reader reader{context, options, *since, api, services, names};
    reader.keep_services(std::move(only));
    if (options.follow) {
        ::signal(SIGINT, leave);
        ::signal(SIGTERM, leave);
    }
    auto work = options.follow ? reader.follow(std::move(origins)) : reader.show(std::move(origins));
    return tell(context, *remote->reach, std::move(work), "reading the log") ? int(kDone) : context.exit_code;
}

}  // namespace seance::cli
