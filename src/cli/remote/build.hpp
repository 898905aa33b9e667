#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/remote/reach.hpp"
#include "platform/plan/progress.hpp"
#include "platform/plan/wanted.hpp"
#include "platform/releases/git.hpp"

namespace seance::cli {

struct BuildOptions {
    std::string builder = "native";  // or docker
    std::string commit;              // "": what is checked out
    std::string only_service;
    bool push = true;
    bool allow_dirty = false;
    bool only_looks = false;  // a plan that nobody carries out: changes that are in no commit are told
    bool skip_build = false;  // the images of the commit are in the registry already
};

struct BuiltService {
    std::string service;
    plan::Image image;
    std::uint64_t compressed = 0, sent = 0;  // bytes
    bool pinned = false;                     // stack.yaml has no digest: that of its tag now
    bool unchanged = false;                  // the registry had it under this tag
};

struct Build {
    releases::GitCommit commit;
    std::string tag;
    std::vector<BuiltService> services;
    std::vector<std::string> notes;  // what could not be found out, when it need not be

    std::map<std::string, plan::Image> images() const;
};

// Images of all services from one commit: built and pushed, or found in the registry; those of third parties
// by the digest that their tag stands for now. What is given by reference outlives the call.
Awaitable<plan::Attempt<Build>> build_images(const Manifest& manifest, Loop& loop, http::Client& client,
                                             const Addresses& addresses, const BuildOptions& options,
                                             const plan::Report& report);

// The same to its end; the context's exit code is set when there is none.
std::optional<Build> build_images(Context& context, const Manifest& manifest, Loop& loop,
                                  http::Client& client, const Addresses& addresses,
                                  const BuildOptions& options, const plan::Report& report);

}  // namespace seance::cli
