#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/runtime/awaitable.hpp"

namespace seance::releases {

struct GitCommit {
    std::string revision;  // the whole hash
    std::string subject;
    std::string source;     // URL of the remote `origin`, without a user name; "" has none
    std::int64_t time = 0;  // of the commit, seconds since 1970
    bool is_head = false;   // it is what is checked out
    std::vector<std::string>
        changed;  // of HEAD: files that differ from it or are not in it, at most kMostShown

    std::string tag() const { return revision.substr(0, 7); }
};
inline constexpr std::size_t kMostShown = 20;

// Asks `git` in the folder of stack.yaml. A Problem says what is missing: git, a repository, the commit.
Awaitable<Outcome<GitCommit>> read_commit(std::string root, std::string rev = "HEAD");

// "abc1234 Subject" of each commit that `to` has and `from` has not, newest first; empty if either is not
// known here. At most kMostShown.
Awaitable<std::vector<std::string>> commits_between(std::string root, std::string from, std::string to);

}  // namespace seance::releases
