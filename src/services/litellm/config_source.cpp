#include "services/litellm/config_source.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "core/base/hash.hpp"
#include "core/observe/log.hpp"
#include "core/observe/metrics.hpp"
#include "services/litellm/config/change.hpp"
#include "services/litellm/config/remarks.hpp"

namespace seance::litellm {
namespace {

// A log line names that many changes and counts the rest.
constexpr std::size_t kMostChangesShown = 50;

void show_whether_ok(bool good) {
    observe::metrics()
        .gauge("seance_litellm_config_ok", "0 while the files on disk hold a configuration that was refused")
        .set(good ? 1 : 0);
}

void count_reload(const char* outcome, bool good) {
    observe::metrics()
        .counter("seance_litellm_config_reloads_total",
                 "Configurations read while running, by what became of them", {{"outcome", outcome}})
        .add();
    show_whether_ok(good);
}

const char* name_of(ConfigSource::Cause cause) {
    return cause == ConfigSource::Cause::Asked ? "signal" : "file";
}

}  // namespace

struct ConfigSource::Read {
    Outcome<Config> config;
    std::string text_hash;
    std::vector<std::string> files;
};

ConfigSource::Read ConfigSource::read() const {
    Sha256 hash;
    std::vector<std::string> files;
    ReadFile read_file = [&](const std::string& path) {
        files.push_back(path);
        auto text = read_file_from_disk(path);
        hash.update(path);
        hash.update(text ? *text : text.error().what);
        return text;
    };
    auto config = read_config(settings_.config_path, read_file, config::process_environment());
    if (config && settings_.drop_params) config->drop_params = true;
    if (config && settings_.request_timeout) config->routing.timeout = *settings_.request_timeout;
    return {std::move(config), hex(hash.finish()), std::move(files)};
}

Outcome<std::unique_ptr<ConfigSource>> ConfigSource::open(const Settings& settings) {
    std::unique_ptr<ConfigSource> source(new ConfigSource(settings));
    auto read = source->read();
    if (!read.config) return read.config.error();
    source->current_ =
        std::make_shared<const ModelTable>(std::make_shared<const Config>(std::move(*read.config)));
    source->text_hash_ = std::move(read.text_hash);
    source->files_ = std::move(read.files);
    show_whether_ok(true);
    return source;
}

ConfigSource::~ConfigSource() = default;

ConfigSource::Models ConfigSource::current() const {
    std::lock_guard lock(mutex_);
    return current_;
}

std::optional<std::string> ConfigSource::problem() const {
    std::lock_guard lock(mutex_);
    return problem_;
}

std::vector<std::string> ConfigSource::files() const {
    std::lock_guard lock(mutex_);
    return files_;
}

std::unique_ptr<ConfigSource::Subscription> ConfigSource::subscribe(Executor executor,
                                                                    std::function<void(Models)> take) {
    return std::make_unique<Subscription>(*this, executor, std::move(take));
}

void ConfigSource::reload(Cause cause) {
    std::lock_guard lock(mutex_);
    if (working_) {
        if (again_ != Cause::Asked) again_ = cause;
        return;
    }
    working_ = true;
    worker_ = std::jthread([this, cause] {
        auto next = std::optional(cause);
        while (next) {
            work(*next);
            std::lock_guard inner(mutex_);
            next = std::exchange(again_, std::nullopt);
            if (!next) working_ = false;
        }
    });
}

void ConfigSource::work(Cause cause) {
    auto fresh = read();
    {
        std::lock_guard lock(mutex_);
        auto same = fresh.text_hash == text_hash_;
        text_hash_ = fresh.text_hash;
        files_ = fresh.files;
        if (same && cause == Cause::FileChanged) return;
    }
    if (!fresh.config) return refuse(cause, fresh.config.error().what);
    auto before = current();
    auto reasons = reasons_to_refuse(before->config(), *fresh.config);
    if (!reasons.empty()) return refuse(cause, fmt::format("{}", fmt::join(reasons, "; ")));

    carry_over(*fresh.config, before->config());
    auto changes = changes_between(before->config(), *fresh.config);
    auto count = changes.size();
    changes.resize(std::min(count, kMostChangesShown));
    auto models =
        std::make_shared<const ModelTable>(std::make_shared<const Config>(std::move(*fresh.config)));
    {
        std::lock_guard lock(mutex_);
        current_ = models;
        problem_.reset();
        hand_out(models);
    }
    count_reload("applied", true);
    // Once it is in force: who reads this may ask at once.
    observe::log(observe::Level::Info, "config_reloaded")
        .field("cause", name_of(cause))
        .field("changes", static_cast<std::uint64_t>(count))
        .field("changed", fmt::format("{}", fmt::join(changes, "; ")));
    announce(*models, settings_, before.get());
}

// Under the lock: a subscription and its loop live until they have been taken from the list.
void ConfigSource::hand_out(const Models& models) {
    for (auto* subscription : subscriptions_)
        asio::post(subscription->executor_, [take = std::weak_ptr(subscription->take_), models] {
            if (auto alive = take.lock()) (*alive)(models);
        });
}

void ConfigSource::refuse(Cause cause, const std::string& problem) {
    {
        std::lock_guard lock(mutex_);
        problem_ = problem;
        hand_out(nullptr);
    }
    count_reload("refused", false);
    observe::log(observe::Level::Error, "config_refused")
        .field("cause", name_of(cause))
        .field("problem", problem)
        .field("consequence", "the configuration from before stays in force");
}

ConfigSource::Subscription::Subscription(ConfigSource& source, Executor executor,
                                         std::function<void(Models)> take)
    : source_(source),
      executor_(executor),
      take_(std::make_shared<std::function<void(Models)>>(std::move(take))) {
    std::lock_guard lock(source_.mutex_);
    source_.subscriptions_.push_back(this);
}

ConfigSource::Subscription::~Subscription() {
    std::lock_guard lock(source_.mutex_);
    source_.subscriptions_.remove(this);
}

void announce(const ModelTable& models, const Settings& settings, const ModelTable* before) {
    using observe::Level;
    auto& config = models.config();
    auto remarks = remarks_on(models);
    auto fresh = before ? new_remarks(remarks, remarks_on(*before)) : remarks;
    for (auto& remark : fresh)
        observe::log(remark.is_error ? Level::Error : Level::Warning, remark.event)
            .field(remark.field, remark.text);
    bool open_here = settings.loopback_only() && config.other_auth.empty();
    bool told = before && before->config().master_key_problem == config.master_key_problem &&
                before->config().master_key.empty() == config.master_key.empty() &&
                before->config().other_auth.empty() == config.other_auth.empty();
    auto errors = std::count_if(remarks.begin(), remarks.end(), [](auto& one) { return one.is_error; });
    auto warnings = std::ssize(remarks) - errors;
    bool missing = !config.master_key_problem.empty();
    if (missing || config.master_key.empty()) ++(missing && !open_here ? errors : warnings);
    if (!told && missing)
        observe::log(open_here ? Level::Warning : Level::Error, "master_key_missing")
            .field("problem", config.master_key_problem)
            .field("consequence", open_here ? "every route is open, because only this machine can connect"
                                            : "every request that needs a key is refused");
    else if (!told && config.master_key.empty())
        observe::log(Level::Warning, "master_key_absent")
            .field("consequence", "every route is open to whoever can connect");
    observe::log(Level::Info, "gateway_configured")
        .field("deployments", static_cast<std::uint64_t>(config.deployments.size()))
        .field("problems", static_cast<std::uint64_t>(errors))
        .field("warnings", static_cast<std::uint64_t>(warnings));
}

}  // namespace seance::litellm
