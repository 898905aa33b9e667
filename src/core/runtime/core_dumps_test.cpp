#include "core/runtime/core_dumps.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace seance {

namespace {

// How a child ended that forbids dumps and then does `work`: what is forbidden is forbidden for good.
template <class Work>
int in_a_child(Work work) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        const rlimit wanted{RLIM_INFINITY, RLIM_INFINITY};
        ::setrlimit(RLIMIT_CORE, &wanted);
        forbid_core_dumps();
        ::_exit(work() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return status;
}

}  // namespace

TEST(CoreDumps, AreForbiddenByLimitAndByTheKernelsFlag) {
    const int status = in_a_child([] {
        rlimit limit{};
        return ::getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && ::prctl(PR_GET_DUMPABLE) == 0;
    });
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(CoreDumps, AreNotLeftByAProcessThatAborts) {
    const int status = in_a_child([] {
        ::signal(SIGABRT, SIG_DFL);
        ::abort();
        return true;
    });
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_FALSE(WCOREDUMP(status));
}

TEST(CoreDumps, LeaveTheHardLimitSoThatAProgramStartedLaterMayWantThem) {
    const int status = in_a_child([] {
        rlimit limit{};
        return ::getrlimit(RLIMIT_CORE, &limit) == 0 && (limit.rlim_max != 0 || ::getuid() != 0);
    });
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace seance
