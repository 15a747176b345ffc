#!/usr/bin/python3
"""Measures fetchgrep against curl, ripgrep, wget and the tutorial scripts.

Both sides of a line run in turn, A B A B, on two cores which they share with
the nginx that serves them; pages and results lie on tmpfs. A line's ratio is
ours over theirs, of the medians. A missed floor is said, and is no failure;
a result that is not the peer's is one: exit status 1.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # nothing is left beside the sources
from corpus import Corpus
from kinds import CountLine, Line
from lines import Lines
from measure import Wrong, run

ROW = "{:<22} {:>9} {:>9} {:>7}  {:<13} {:>7}  {}"
NEEDED_BYTES = 3 << 30


class Bench:
    def __init__(self, options, workdir):
        self.options = options
        self.workdir = workdir
        self.floors = self.missed = self.wrong = 0
        self.notes = []

    # ---- one line ------------------------------------------------------------

    def measure(self, line):
        try:
            if isinstance(line, Line):
                self.measure_pairs(line)
            elif isinstance(line, CountLine):
                self.measure_count(line)
            else:
                self.measure_memory(line)
        except Wrong as wrong:
            self.wrong += 1
            self.row(line.name, "", "", "", "", "", f"WRONG: {wrong}")

    def measure_pairs(self, line):
        self.choose_peer(line)
        self.note(line.name, ours=line.ours, peer=line.peer)
        pairs = []
        for _ in range(self.options.runs or line.runs or 5):
            pairs.append((self.checked(line.ours), self.checked(line.peer)))
            if pairs[-1][0][1] != pairs[-1][1][1]:
                raise Wrong(f"{pairs[-1][0][1]} results, the peer has "
                            f"{pairs[-1][1][1]}")
        self.ratio_row(line.name, line.floor,
                       [(a.wall, b.wall) for (a, _), (b, _) in pairs])
        self.ratio_row(line.name + " cpu", line.cpu_floor,
                       [(a.cpu, b.cpu) for (a, _), (b, _) in pairs])

    def checked(self, command):
        usage = run(command, self.workdir)
        return usage, command.check()

    def choose_peer(self, line):
        if not line.others:
            return
        rivals = [(self.checked(peer)[0].wall, i, peer)
                  for i, peer in enumerate([line.peer, *line.others])]
        for wall, _, peer in rivals:
            name = os.path.basename(peer.argv[1])
            self.notes.append(f"{line.name}: {name} once: {wall:.2f} s")
        line.peer = min(rivals)[2]

    def measure_count(self, line):
        self.note(line.name, ours=line.ours)
        counts = []
        for _ in range(self.options.runs or line.runs or 3):
            line.usage = run(line.ours, self.workdir)
            line.ours.check()
            counts.append(line.count())
        count = statistics.median(counts)
        self.row(line.name, f"{count:.3f}", "", "", "", f"{line.limit:.2f}",
                 self.verdict(count, line.limit))

    def measure_memory(self, line):
        self.note(line.name, short=line.short, long=line.long)
        # A short run is soon over, and a sample may miss its peak.
        short = max((self.peak(line.short) for _ in range(3)),
                    key=lambda usage: usage.pss)
        long = self.peak(line.long)
        ratio = long.pss / short.pss
        over = max(short.pss, long.pss) / line.limit
        same = long.pss / (short.pss + line.growth)
        self.row(line.name, mega(short.pss), mega(long.pss), f"{ratio:.2f}",
                 f"rss {mega(short.rss)}, {mega(long.rss)}",
                 f"+{mega(line.growth)}", self.verdict(same, 1) + ", " +
                 f"at most {mega(line.limit)}: " + self.verdict(over, 1))

    def peak(self, command):
        usage = run(command, self.workdir, memory=True)
        command.check()
        return usage

    # ---- what is printed -----------------------------------------------------

    def ratio_row(self, name, floor, pairs):
        ours = statistics.median(a for a, _ in pairs)
        theirs = statistics.median(b for _, b in pairs)
        ratio = ours / max(theirs, 1e-9)
        each = sorted(a / max(b, 1e-9) for a, b in pairs)
        self.row(name, seconds(ours), seconds(theirs), f"{ratio:.2f}",
                 f"{each[0]:.2f} to {each[-1]:.2f}",
                 f"{floor:.2f}" if floor else "",
                 self.verdict(ratio, floor) if floor else "")

    def verdict(self, value, floor):
        self.floors += 1
        if value <= floor:
            return "ok"
        self.missed += 1
        return f"MISSED by {100 * (value / floor - 1):.0f} %"

    def note(self, name, **commands):
        for side, command in commands.items():
            text = f"{name} {side}: {command.text(self.workdir)}"
            self.notes.append(text)
            if self.options.verbose:
                print(text, flush=True)

    def row(self, *cells):
        print(ROW.format(*cells).rstrip(), flush=True)

    def header(self):
        model = "unknown processor"
        with open("/proc/cpuinfo") as info:
            for text in info:
                if text.startswith("model name"):
                    model = text.split(":", 1)[1].strip()
                    break
        cores = len(os.sched_getaffinity(0))
        load = os.getloadavg()[0]
        print(f"{cores} cores of {model}, Linux {os.uname().release}")
        if load > 0.3:
            print(f"NOTE: the load is {load:.1f}: something else may be "
                  "running, and then the figures are worth little")
        for version in ["curl --version", "rg --version", "wget --version",
                        "/usr/bin/python3 --version", "nginx -v"]:
            print(first_line(version))
        print()
        self.row("line", "ours", "peer", "ratio", "of each pair", "floor", "")

    def footer(self):
        print(f"\n$T is a directory on tmpfs, {self.workdir}; ours and theirs "
              "ran in turn.\nThe memory lines' two columns are a list and one "
              "ten times as long (peak PSS).\n")
        print("\n".join(self.notes), end="\n\n")
        last = f"{self.missed} of {self.floors} floors missed"
        if self.wrong:
            last += f", and WRONG lines: {self.wrong}"
        print(f"*** {last} ***" if self.missed or self.wrong else last)


def seconds(value):
    return f"{1000 * value:.1f} ms" if value < 0.0995 else f"{value:.2f} s"


def mega(count):
    return f"{count / 1e6:.0f} MB"


def first_line(command):
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    try:
        done = subprocess.run(command.split(), text=True, check=True,
                              env=dict(os.environ, PATH=path),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"bench: {command}: {error}; make deps-bench "
                         "installs what is missing")
    return done.stdout.split("\n")[0]


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--tools", required=True,
                        help="the directory of hs_floor and count_locks.so")
    parser.add_argument("--runs", type=int, default=0,
                        help="pairs of each line (5; 21 for the start-up)")
    parser.add_argument("--only", action="append", metavar="NAME", default=[],
                        help="lines whose name starts so; may be given again")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--dir", default="/dev/shm", help="a tmpfs")
    parser.add_argument("--verbose", action="store_true",
                        help="print the commands as they come")
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    options.tools = os.path.abspath(options.tools)
    return options


def choose(options, lines):
    """Returns name and maker of each line that is asked for."""
    if not options.only:
        return lines.names
    every = {**lines.names, **lines.long_names}
    chosen = {name: make for name, make in every.items()
              if any(name.startswith(prefix) for prefix in options.only)}
    if not chosen:
        raise SystemExit("bench: the lines are " + ", ".join(every))
    return chosen


def work(options, workdir):
    corpus = Corpus(workdir)
    bench = Bench(options, workdir)
    lines = Lines(options.program, options.tools, corpus)
    try:
        corpus.serve()
        chosen = choose(options, lines)
        bench.header()
        for make in chosen.values():
            bench.measure(make())
        bench.footer()
    finally:
        lines.stop_server()
        corpus.stop()
    return 1 if bench.wrong else 0


def main():
    options = parse_options()
    # A termination goes the same way out as an interrupt: clean up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if shutil.disk_usage(options.dir).free < NEEDED_BYTES:
        raise SystemExit(f"bench: {options.dir} has less than 3 GB free")
    cores = sorted(os.sched_getaffinity(0))[:options.cores]
    os.sched_setaffinity(0, cores)
    workdir = tempfile.mkdtemp(prefix="fetchgrep-bench.", dir=options.dir)
    try:
        return work(options, workdir)
    finally:
        shutil.rmtree(workdir, ignore_errors=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
