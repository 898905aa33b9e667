#include "platform/targets/railway/deployment_state.hpp"

#include <fmt/format.h>

#include <array>

#include "core/base/count.hpp"
#include "platform/remote/retry.hpp"
#include "platform/remote/timestamp.hpp"

namespace seance::railway {
namespace {

struct Spelled {
    DeploymentStatus status;
    std::string_view text;
};
constexpr std::array kStatuses{
    Spelled{DeploymentStatus::Queued, "QUEUED"},
    Spelled{DeploymentStatus::Initializing, "INITIALIZING"},
    Spelled{DeploymentStatus::Waiting, "WAITING"},
    Spelled{DeploymentStatus::NeedsApproval, "NEEDS_APPROVAL"},
    Spelled{DeploymentStatus::Building, "BUILDING"},
    Spelled{DeploymentStatus::Deploying, "DEPLOYING"},
    Spelled{DeploymentStatus::Success, "SUCCESS"},
    Spelled{DeploymentStatus::Sleeping, "SLEEPING"},
    Spelled{DeploymentStatus::Failed, "FAILED"},
    Spelled{DeploymentStatus::Crashed, "CRASHED"},
    Spelled{DeploymentStatus::Skipped, "SKIPPED"},
    Spelled{DeploymentStatus::Removing, "REMOVING"},
    Spelled{DeploymentStatus::Removed, "REMOVED"},
};

std::string_view words(std::string_view step) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kSteps{{
        {"WAIT_FOR_DEPENDENCIES", "waiting for the services it refers to"},
        {"SNAPSHOT_CODE", "taking a snapshot of the code"},
        {"BUILD_IMAGE", "building the image"},
        {"PUBLISH_IMAGE", "publishing the image"},
        {"MIGRATE_VOLUMES", "moving volumes"},
        {"PRE_DEPLOY_COMMAND", "running the pre-deploy command"},
        {"CREATE_CONTAINER", "pulling the image and starting the container"},
        {"CONFIGURE_NETWORK", "configuring the network"},
        {"HEALTHCHECK", "health check"},
        {"DRAIN_INSTANCES", "draining the old deployment"},
    }};
    for (const auto& [name, text] : kSteps)
        if (name == step) return text;
    return step;
}

std::string attempts(const DeploymentEvent& event) {
    if (!event.attempt) return {};
    if (!event.max_attempts) return fmt::format(" {}", *event.attempt);
    return fmt::format(" {} of {}", *event.attempt, *event.max_attempts);
}

std::string said(const DeploymentEvent& event) {
    for (const auto* text : {&event.error, &event.reason, &event.detail})
        if (!text->empty()) return remote::tame(*text, 200);
    return {};
}

// The step that goes on; else the last one.
const DeploymentEvent* current(std::span<const DeploymentEvent> events) {
    const DeploymentEvent* found = nullptr;
    for (const auto& event : events)
        if (!event.skipped && (!found || event.completed_at.empty() || !found->completed_at.empty()))
            found = &event;
    return found;
}

const DeploymentEvent* failed(std::span<const DeploymentEvent> events) {
    const DeploymentEvent* found = nullptr;
    for (const auto& event : events)
        if (!event.error.empty()) found = &event;
    return found;
}

}  // namespace

DeploymentStatus parse_status(std::string_view text) {
    for (const auto& known : kStatuses)
        if (known.text == text) return known.status;
    return DeploymentStatus::Unknown;
}

std::string_view spelling(DeploymentStatus status) {
    for (const auto& known : kStatuses)
        if (known.status == status) return known.text;
    return {};
}

Standing standing(const Deployment& deployment, bool was_active) {
    using Outcome = DeploymentOutcome;
    switch (deployment.status) {
        case DeploymentStatus::Queued:
        case DeploymentStatus::Initializing:
        case DeploymentStatus::Waiting:
            return {Phase::NotStarted, false, Outcome::InProgress};
        case DeploymentStatus::NeedsApproval:
            return {Phase::HeldForApproval, false, Outcome::Held};
        case DeploymentStatus::Building:
            return {Phase::Building, false, Outcome::InProgress};
        case DeploymentStatus::Deploying:
            return {Phase::Starting, false, Outcome::InProgress};
        case DeploymentStatus::Success:
        case DeploymentStatus::Sleeping:
            // Someone stopped it: it has been active, and does not run.
            if (deployment.stopped) return {Phase::Ended, true, Outcome::Failed};
            return {Phase::Active, true, Outcome::Succeeded};
        case DeploymentStatus::Failed:
        case DeploymentStatus::Crashed:
        case DeploymentStatus::Skipped:
            return {Phase::Ended, true, Outcome::Failed};
        case DeploymentStatus::Removing:
        case DeploymentStatus::Removed:
            return {Phase::Ended, true, was_active ? Outcome::Succeeded : Outcome::Superseded};
        case DeploymentStatus::Unknown:
            return {};
    }
    return {};
}

const Deployment* running_deployment(const ServiceInstance& instance) {
    const Deployment* newest = nullptr;
    for (const auto& one : instance.active)
        if (!one.stopped && (!newest || one.created_at > newest->created_at) &&
            standing(one).outcome == DeploymentOutcome::Succeeded)
            newest = &one;
    return newest;
}

bool was_refused_before_start(const Deployment& deployment, std::span<const DeploymentEvent> events,
                              bool build_logs_empty, bool deploy_logs_empty) {
    if (deployment.status != DeploymentStatus::Failed || !build_logs_empty || !deploy_logs_empty)
        return false;
    for (const auto& event : events)
        if (event.step == "HEALTHCHECK" || event.step == "CONFIGURE_NETWORK") return false;
    auto began = remote::parse_timestamp(deployment.created_at);
    auto ended = remote::parse_timestamp(deployment.status_updated_at);
    // Without the time of its end, empty logs have to do.
    return !began || !ended || *ended - *began <= kRefusedWithin;
}

std::string failure_sentence(const Deployment& deployment, std::span<const DeploymentEvent> events,
                             bool build_logs_empty, bool deploy_logs_empty) {
    auto what = deployment.image.empty() ? std::string("the deployment") : deployment.image;
    if (deployment.stopped && deployment.status != DeploymentStatus::Failed)
        return fmt::format("{} was active and somebody stopped it", what);
    if (deployment.status == DeploymentStatus::Skipped)
        return fmt::format("{} was skipped: nothing was deployed", what);
    if (deployment.status == DeploymentStatus::Crashed)
        return fmt::format("{} started, then ended with an error more often than its restart policy allows",
                           what);
    const auto* event = failed(events);
    if (was_refused_before_start(deployment, events, build_logs_empty, deploy_logs_empty))
        return fmt::format(
            "{} was refused before any container existed{}: the image's name may be wrong, the registry may "
            "not let "
            "Railway pull it, or the plan's limit is reached",
            what, event ? " (" + said(*event) + ")" : "");
    if (!event) return fmt::format("{} failed; Railway tells no reason", what);
    if (event->step == "HEALTHCHECK")
        return fmt::format("{} did not become healthy{}: {}", what,
                           event->attempt ? " in " + count(*event->attempt, "try", "tries") : "",
                           said(*event));
    return fmt::format("{} failed while {}: {}", what, words(event->step), said(*event));
}

std::string progress(const Deployment& deployment, std::span<const DeploymentEvent> events) {
    switch (deployment.status) {
        case DeploymentStatus::Queued:
            return "queued";
        case DeploymentStatus::NeedsApproval:
            return "waits for somebody's approval in the dashboard";
        case DeploymentStatus::Success:
            return deployment.stopped ? "stopped" : "active";
        case DeploymentStatus::Sleeping:
            return "active, asleep";
        case DeploymentStatus::Failed:
            return "failed";
        case DeploymentStatus::Crashed:
            return "crashed";
        case DeploymentStatus::Skipped:
            return "skipped";
        case DeploymentStatus::Removing:
        case DeploymentStatus::Removed:
            return "removed";
        default:
            break;
    }
    if (const auto* event = current(events)) {
        auto text = said(*event);
        return fmt::format("{}{}{}{}", words(event->step), attempts(*event), text.empty() ? "" : ": ", text);
    }
    switch (deployment.status) {
        case DeploymentStatus::Waiting:
            return "waiting";
        case DeploymentStatus::Initializing:
            return "initializing";
        case DeploymentStatus::Building:
            return "building";
        case DeploymentStatus::Deploying:
            return "starting";
        default:
            return fmt::format("in a state that this program does not know ({})",
                               remote::tame(deployment.status_text, 40));
    }
}

namespace {

struct Reference {
    std::string_view name, tag, digest;
};

// registry/name:tag@digest, without the registry's default spellings made equal.
Reference parse_reference(std::string_view text) {
    Reference out;
    auto at = text.find('@');
    if (at != std::string_view::npos) out.digest = text.substr(at + 1);
    out.name = text.substr(0, at);
    auto colon = out.name.rfind(':');
    // A colon before the last slash belongs to the registry's port.
    if (colon != std::string_view::npos && out.name.find('/', colon) == std::string_view::npos) {
        out.tag = out.name.substr(colon + 1);
        out.name = out.name.substr(0, colon);
    }
    for (std::string_view implied : {"docker.io/library/", "docker.io/", "index.docker.io/"})
        if (out.name.starts_with(implied)) {
            out.name.remove_prefix(implied.size());
            break;
        }
    return out;
}

}  // namespace

ImageCheck check_image(const Deployment& deployment, std::string_view wanted) {
    if (deployment.image.empty() && deployment.image_digest.empty()) return ImageCheck::CannotTell;
    if (deployment.image == wanted) return ImageCheck::Same;
    auto want = parse_reference(wanted), have = parse_reference(deployment.image);
    if (have.digest.empty()) have.digest = deployment.image_digest;
    // A digest names the content: where both are known, nothing else counts.
    if (!want.digest.empty() && !have.digest.empty())
        return want.digest == have.digest ? ImageCheck::Same : ImageCheck::Different;
    if (deployment.image.empty()) return ImageCheck::CannotTell;
    if (want.name != have.name) return ImageCheck::Different;
    if (want.tag.empty() || have.tag.empty())
        return want.tag == have.tag && want.digest.empty() ? ImageCheck::Same : ImageCheck::CannotTell;
    return want.tag == have.tag ? ImageCheck::Same : ImageCheck::Different;
}

}  // namespace seance::railway
