"""Runs one command and says what it took.

A timed run is left alone: the clock, and what the kernel adds up for the whole
tree of processes (each child that was waited for is in its parent's sum).
Memory is sampled in a run of its own, since reading smaps_rollup stops the
process that is looked at.
"""

import os
import shlex
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field

SAMPLE_S = 0.02


@dataclass
class Command:
    """One side of a comparison.

    `fresh` are paths that must not exist, `dirs` directories that must exist
    and be empty when it starts; making them so is not timed. `check` is called
    afterwards, returns what the two sides must agree on, or raises Wrong.
    """

    argv: list
    stdout: str = os.devnull
    fresh: list = field(default_factory=list)
    dirs: list = field(default_factory=list)
    check: callable = lambda: None

    def text(self, workdir):
        line = shlex.join(self.argv)
        if self.stdout != os.devnull:
            line += " > " + shlex.quote(self.stdout)
        return line.replace(workdir, "$T")


@dataclass
class Usage:
    wall: float
    cpu: float
    rss: int
    pss: int = 0


class Wrong(Exception):
    """A command failed or its result is not what it must be."""


def clean_environment(workdir):
    # No proxy, no locale and no settings of whoever calls this.
    keep = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8"}
    keep["PATH"] += ":/usr/sbin:/sbin"
    # Sets of patterns that were compiled are kept below it.
    keep["XDG_CACHE_HOME"] = os.path.join(workdir, "cache")
    return keep


def run(command, workdir, memory=False):
    for path in command.fresh + command.dirs:
        shutil.rmtree(path, ignore_errors=True)
        if os.path.exists(path):
            os.unlink(path)
    for path in command.dirs:
        os.mkdir(path)
    errors = os.path.join(workdir, "stderr")
    with open(command.stdout, "wb") as out, open(errors, "wb") as err:
        usage, status = spawn_and_wait(command.argv, workdir, out, err, memory)
    if status:
        raise Wrong(f"status {status}: {last_line(errors)}")
    return usage


def spawn_and_wait(argv, workdir, out, err, memory):
    started = time.perf_counter()
    child = subprocess.Popen(
        argv, cwd=workdir, env=clean_environment(workdir), stdin=subprocess.DEVNULL,
        stdout=out, stderr=err, start_new_session=True)
    pss = 0
    try:
        if memory:
            pss, status, rusage = sample_until_exit(child.pid)
        else:
            _, status, rusage = os.wait4(child.pid, 0)
    except BaseException:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        raise
    wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    usage = Usage(wall, rusage.ru_utime + rusage.ru_stime,
                  rusage.ru_maxrss * 1024, pss)
    return usage, child.returncode


def sample_until_exit(pid):
    peak = 0
    while True:
        peak = max(peak, sum(map(pss_of, tree_of(pid))))
        done, status, rusage = os.wait4(pid, os.WNOHANG)
        if done:
            return peak, status, rusage
        time.sleep(SAMPLE_S)


def tree_of(pid):
    yield pid
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as children:
                for child in children.read().split():
                    yield from tree_of(int(child))
    except OSError:
        pass  # gone meanwhile


def pss_of(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            for line in rollup:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass  # gone meanwhile
    return 0


def last_line(path):
    with open(path, errors="replace") as text:
        lines = text.read().split("\n")
    return next((line for line in reversed(lines) if line.strip()), "")
