#include "cli/remote/reach.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/runtime/wait.hpp"
#include "platform/targets/railway/lock.hpp"

namespace seance::cli {

namespace {

// What answers on this machine is not spared: the first pause before a call is repeated.
constexpr Duration kRehearsalPause = std::chrono::milliseconds(20);
constexpr double kRehearsalScale = 0.04;  // the same for what takes a scale

std::string value_of(const std::map<std::string, std::string>& environment, const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string{} : found->second;
}

}  // namespace

Addresses Addresses::from(const std::map<std::string, std::string>& environment) {
    Addresses made;
    made.railway = value_of(environment, "SEANCE_RAILWAY_URL");
    made.cloudflare = value_of(environment, "SEANCE_CLOUDFLARE_URL");
    made.spaces = value_of(environment, "SEANCE_SPACES_URL");
    made.spaces_cdn = value_of(environment, "SEANCE_SPACES_CDN_URL");
    made.edge = value_of(environment, "SEANCE_EDGE");
    made.ca_file = value_of(environment, "SEANCE_CA_FILE");
    const auto map = value_of(environment, "SEANCE_REGISTRY_MAP");
    if (const auto equals = map.find('='); equals != std::string::npos) {
        made.registry_from = map.substr(0, equals);
        made.registry_to = map.substr(equals + 1);
    }
    return made;
}

std::string Addresses::registry_name(const std::string& image) const {
    if (registry_from.empty() || !image.starts_with(registry_from + "/")) return image;
    return registry_to + image.substr(registry_from.size());
}

std::unique_ptr<Reach> Reach::open(Context& context, const Manifest& manifest,
                                   std::optional<SpacesKeys> spaces, bool needs_dns) {
    const auto environment = process_environment();
    auto credential = railway::choose_credential(value_of(environment, "RAILWAY_TOKEN"),
                                                 value_of(environment, "RAILWAY_API_TOKEN"));
    if (!credential) {
        context.exit_code =
            context.fail(kNoCredentials, "NO_RAILWAY_TOKEN",
                         fmt::format("environment {} is on Railway, and there is no token for it",
                                     manifest.environment.name),
                         "export RAILWAY_API_TOKEN (an account's or workspace's, from Railway's settings), "
                         "or RAILWAY_TOKEN (a project's)\n  " +
                             context.rehearse_hint("token"));
        return nullptr;
    }
    std::unique_ptr<Reach> reach(new Reach);
    reach->addresses_ = Addresses::from(environment);
    const auto& at = reach->addresses_;
    try {
        http::ClientOptions client_options;
        client_options.ca_file = at.ca_file;
        reach->client_ = std::make_unique<http::Client>(reach->loop_, client_options);
        railway::GraphqlOptions graphql;
        if (!at.railway.empty()) graphql.endpoint = at.railway;
        graphql.ca_file = at.ca_file;
        if (at.rehearsal()) graphql.retry.first_pause = kRehearsalPause;
        reach->graphql_ = std::make_unique<railway::Graphql>(reach->loop_, *credential, graphql);
        reach->api_ = std::make_unique<railway::Api>(*reach->graphql_);
        reach->session_.reset(new railway::Session{*reach->api_, nullptr, nullptr, {}, {}});

        if (manifest.environment.dns == stack::DnsKind::Cloudflare && needs_dns) {
            const auto token = value_of(environment, "CLOUDFLARE_API_TOKEN");
            if (token.empty()) {
                context.exit_code = context.fail(
                    kNoCredentials, "NO_CLOUDFLARE_TOKEN",
                    fmt::format("environment {} has its names at Cloudflare, and there is no token for it",
                                manifest.environment.name),
                    "export CLOUDFLARE_API_TOKEN: one that may read the zone and edit its DNS\n  " +
                        context.rehearse_hint("token"));
                return nullptr;
            }
            dns::CloudflareOptions cloudflare;
            if (!at.cloudflare.empty()) cloudflare.base = at.cloudflare;
            cloudflare.ca_file = at.ca_file;
            if (at.rehearsal()) cloudflare.retry.first_pause = kRehearsalPause;
            reach->dns_ = std::make_unique<dns::Cloudflare>(reach->loop_, SecretText(token), cloudflare);
            reach->session_->dns = reach->dns_.get();
        }
        if (spaces && manifest.environment.spaces) {
            spaces::BucketOptions bucket;
            bucket.endpoint = at.spaces.empty() ? manifest.environment.spaces->endpoint() : at.spaces;
            bucket.bucket = manifest.environment.spaces->bucket;
            bucket.region = manifest.environment.spaces->region;
            bucket.access_key_id = spaces->id;
            bucket.secret_access_key = spaces->secret;
            bucket.ca_file = at.ca_file;
            if (at.rehearsal()) bucket.backoff_scale = kRehearsalScale;
            reach->bucket_ = std::make_unique<spaces::Bucket>(reach->loop_, bucket);
            reach->session_->bucket = reach->bucket_.get();
        }
    } catch (const std::exception& error) {
        context.exit_code = context.fail(kBadConfig, "BAD_ADDRESS", error.what());
        return nullptr;
    }
    return reach;
}

namespace {

constexpr Duration kFarewell = std::chrono::seconds(3);

// The coroutines of what was interrupted still hold on to it: the process ends without unwinding them.
[[noreturn]] void leave() {
    ::_exit(kInterrupted);
}

Awaitable<void> give_lock_back(std::shared_ptr<railway::DeployLock> lock) {
    if (lock) co_await lock->release();
    leave();
}

Awaitable<void> leave_later() {
    co_await sleep_for(kFarewell);
    leave();
}

}  // namespace

void Reach::leave_on_signals(Context& context, std::string what_goes_on) {
    signals_ = std::make_unique<asio::basic_signal_set<Executor>>(loop_.executor(), SIGINT, SIGTERM);
    wait_for_signal(context, std::move(what_goes_on));
}

void Reach::wait_for_signal(Context& context, std::string what_goes_on) {
    signals_->async_wait(
        [this, &context, what_goes_on = std::move(what_goes_on)](const error_code& error, int) {
            if (error) return;
            if (leaving_) leave();
            leaving_ = true;
            context.fail(kInterrupted, "INTERRUPTED", "interrupted", what_goes_on);
            asio::co_spawn(loop_.executor(), give_lock_back(session_->lock.lock()), asio::detached);
            asio::co_spawn(loop_.executor(), leave_later(), asio::detached);
            wait_for_signal(context, what_goes_on);
        });
}

int fail(Context& context, const plan::Trouble& trouble) {
    switch (trouble.why) {
        case plan::Trouble::Why::Refused:
            return context.fail(kRefused, "REFUSED", trouble.what, trouble.hint);
        case plan::Trouble::Why::Credentials:
            return context.fail(kNoCredentials, "CREDENTIALS", trouble.what, trouble.hint);
        case plan::Trouble::Why::NotThere:
            return context.fail(kNotThere, "NOT_FOUND", trouble.what, trouble.hint);
        case plan::Trouble::Why::Unknown:
            return context.fail(kUnreachable, "OUTCOME_UNKNOWN", trouble.what, trouble.hint);
        case plan::Trouble::Why::Failed:
            break;
    }
    return context.fail(kFailed, "FAILED", trouble.what, trouble.hint);
}

}  // namespace seance::cli
