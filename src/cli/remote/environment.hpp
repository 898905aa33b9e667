#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/remote/reach.hpp"
#include "cli/remote/run_on.hpp"
#include "platform/plan/wanted.hpp"

namespace seance::cli {

// An environment that is out in the world, found there.
struct RemoteEnvironment {
    std::unique_ptr<Reach> reach;
    railway::Whereabouts place;
};

// Reaches the project and environment that the manifest names. If they are not there, that is told and the
// context's exit code is set.
std::optional<RemoteEnvironment> find_remote(Context& context, const Manifest& manifest,
                                             bool needs_dns = false);

// Services with their public names alone: enough to look at what is live without images and secrets.
plan::Wanted outline(const Manifest& manifest);

// What Railway or Cloudflare answers. A failure is told, and sets the context's exit code.
template <class T>
std::optional<T> ask(Context& context, Reach& reach, Awaitable<remote::Reply<T>> work,
                     std::string_view doing) {
    auto reply = run_on(reach.loop(), std::move(work));
    if (reply && *reply) return std::move(**reply);
    context.exit_code = reply ? fail(context, plan::trouble_of(reply->error(), doing)) : int(kInterrupted);
    return std::nullopt;
}

// The same of a call without an answer; false if it failed.
bool tell(Context& context, Reach& reach, Awaitable<remote::Reply<void>> work, std::string_view doing);

}  // namespace seance::cli
