#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "core/runtime/awaitable.hpp"
#include "platform/plan/plan.hpp"
#include "platform/releases/history.hpp"

namespace seance::cli {

struct BackTo {
    std::string environment;
    std::string release;  // a commit or a number (r12); "": the last good one before what runs
    std::string service;  // only this one; "": all
    releases::Compare compare = releases::Compare::Images;
};

// Both point into `history`.
struct WayBack {
    const releases::Release* current = nullptr;
    const releases::Release* target = nullptr;
};

// The context's exit code is set, and what there is to choose from told, if there is no such way.
std::optional<WayBack> find_way_back(Context& context, const plan::Live& live,
                                     const std::vector<releases::Release>& history, const BackTo& to);

// What lies between two commits, as far as a checkout knows: another machine may have none.
struct CommitsBetween {
    bool known = false;
    std::vector<std::string> undone, brought;  // "abc1234 Subject", newest first
    std::string subject;                       // of where it leads

    std::string print() const;
};
Awaitable<CommitsBetween> commits_between(std::string root, std::string from, std::string to);

}  // namespace seance::cli
