#pragma once

namespace seance {

// For a process that holds secrets of others: from now on it leaves no core dump, and no other process of the
// same user may read its memory, environment or open files (only root may). Throws if the system refuses.
//
// Two steps, because each lacks something. RLIMIT_CORE 0 is inherited, so it also covers what a child does
// between fork and exec and the programs it starts (the soft limit only: one that wants dumps can raise it
// again); but a handler that the kernel pipes dumps into, such as systemd-coredump, is called all the same.
// PR_SET_DUMPABLE 0 stops that, and ptrace and /proc/PID/{mem,environ,fd} with it; exec undoes it for
// children. Its price: a debugger or `strace -p` needs root, and the process itself cannot open its own
// /proc/self/environ or /proc/self/mem unless it is root; nothing here does.
void forbid_core_dumps();

}  // namespace seance
