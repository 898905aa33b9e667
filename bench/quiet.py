"""Keeps what is measured apart from the rest of a shared machine, where this user may; says what could not be had."""
import contextlib
import os
import subprocess
import sys
from pathlib import Path

FIRST = 10  # any priority of SCHED_FIFO goes before every ordinary process


def own_network():
    """Runs this script again in a network of its own that has only a loopback, with the congestion control that Linux has
    by default, or Reno where it may not be chosen: others' traffic cannot meet it, and BBR, if the machine has it on, does
    not pace what loopback carries."""
    if os.environ.get("SEANCE_BENCH_NETWORK"):
        return
    choose = "sysctl -qw net.ipv4.tcp_congestion_control="
    inside = f"ip link set lo up && ({choose}cubic 2>/dev/null || {choose}reno)"
    may = subprocess.run(["unshare", "--net", "sh", "-c", inside], capture_output=True, text=True)
    if may.returncode != 0:
        print(f"no network of its own ({may.stderr.strip().splitlines()[-1] if may.stderr.strip() else 'unshare failed'}): the machine's is used")
        return
    os.environ["SEANCE_BENCH_NETWORK"] = "own"
    sys.stdout.flush()
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", inside + ' && exec "$@"', "sh", sys.executable, *sys.argv])


def schedule(pid, policy, priority):
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.sched_setscheduler(int(thread), policy, os.sched_param(priority))


@contextlib.contextmanager
def first_on_their_cores(*pids):
    """`pids`, and what this process starts meanwhile, run before every ordinary process (SCHED_FIFO), so that
    a neighbour's turn of some milliseconds is not taken for the latency of what is measured. Only for loads that leave
    their cores idle at times: the kernel stops what takes more than 95 % of a second."""
    try:
        schedule(os.getpid(), os.SCHED_FIFO, FIRST)
    except PermissionError:
        print("  (no leave for SCHED_FIFO: neighbours on the same cores count in these figures)")
        yield
        return
    for pid in pids:
        schedule(pid, os.SCHED_FIFO, FIRST)
    try:
        yield
    finally:
        for pid in (*pids, os.getpid()):
            if Path(f"/proc/{pid}").exists():
                schedule(pid, os.SCHED_OTHER, 0)


@contextlib.contextmanager
def before_neighbours():
    """For loads that leave no core idle: while others compute on the same cores, nearly all of these goes to the processes of
    this script's session (sched(7), "The autogroup feature")."""
    group = Path("/proc/self/autogroup")
    try:
        group.write_text("-20")
    except OSError:
        print("  (no leave to go before other sessions: neighbours on the same cores count in these figures)")
        yield
        return
    try:
        yield
    finally:
        group.write_text("0")
