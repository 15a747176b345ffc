#!/usr/bin/python3
"""Kills a run at random moments until it is done, many times over.

Each round is one run, with options drawn at random. It is killed (kill -9) a
few times, also while it goes on and while it is sealed, and gone on with by the
same command. Its results must be those of a run that nobody touched: each
entry one outcome, each match once, every record in the archives readable and
in the index. `fetchgrep verify` must find nothing wrong, after each kill and at
the end; what it says is not believed, but compared. `--seed` repeats a row of
rounds.
"""

import argparse
import glob
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
WARC_CHECK = os.path.join(HERE, "..", "support", "warc_check.py")
#: what may differ between two runs of one list
FLEETING = ("fetched_at", "ms", "ip", "attempts", "warc", "warc_offset")


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--server", required=True)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    options.server = os.path.abspath(options.server)
    return options


class Server:
    """The fault server: ends when its standard input closes."""

    def __init__(self, program):
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{self.child.stdout.readline().strip()}"

    def stop(self):
        self.child.stdin.close()
        self.child.wait()


def write_list(path, url, draw, count):
    kinds = ["/ok?size={0}&n={1}", "/ok?size={0}&n={1}", "/wait?ms=2&size={0}",
             "/redirect/2?{1}", "/status/404?{1}", "/chunked-gzip?size={0}",
             "/gzip-cut?{1}", "/text?body=<a%20{1}>"]
    with open(path, "w") as out:
        for n in range(count):
            if draw.random() < 0.03:
                out.write(f"no URL {n}\n")
            else:
                kind = draw.choice(kinds)
                out.write(url + kind.format(draw.randrange(200, 9000), n) + "\n")


def draw_options(draw):
    options = ["--per-host", str(draw.choice([2, 8, 64])),
               "--store", draw.choice(["gzip", "zstd", "plain", "none"]),
               "--commit-interval", draw.choice(["10ms", "20ms", "100ms"]),
               "--segment-size", draw.choice(["20k", "200k", "1G"]),
               "--isolation", draw.choice(["threads", "threads", "processes"]),
               "--fetch-threads", draw.choice(["1", "2"])]
    form = draw.choice(["jsonl", "jsonl", "csv", "tsv", "text"])
    options += ["--format", form]
    if draw.random() < 0.3:
        options += ["--order", "manifest"]
    return options


class Wrong(Exception):
    pass


def expect(condition, message):
    if not condition:
        raise Wrong(message)


def outcomes_of(directory):
    with open(directory + "/outcomes.jsonl") as lines:
        found = [json.loads(line) for line in lines]
    for line in found:
        for member in FLEETING:
            line.pop(member, None)
    return sorted(found, key=lambda line: line["id"])


def matches_of(directory):
    path, = glob.glob(directory + "/matches.*")
    with open(path, "rb") as lines:
        return sorted(lines.read().splitlines())


def check_pages(directory, count):
    pages = sorted(name for name in glob.glob(directory + "/pages/*")
                   if not name.endswith(".cdxj"))
    if not pages:
        return
    done = subprocess.run(
        ["/usr/bin/python3", WARC_CHECK, "--quiet", "--index",
         directory + "/pages/index.cdxj", *pages],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False)
    expect(done.returncode == 0, "the archives: " + done.stdout)
    with open(directory + "/pages/index.cdxj") as index:
        expect(len(index.read().splitlines()) == count,
               "the index has another number of pages")


def index_size(directory):
    try:
        with open(directory + "/pages/index.cdxj") as index:
            return len(index.read().splitlines())
    except FileNotFoundError:
        return 0


def kill_once(command, draw, log):
    """True when it was killed, False when it ended by itself."""
    child = subprocess.Popen(command, stderr=log)
    try:
        child.wait(timeout=draw.choice([0.005, 0.02, 0.1]) * draw.random() * 2)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait()
        return True
    expect(child.returncode == 0, f"status {child.returncode}")
    return False


def verify(program, directory):
    """What was committed is sound, however the run ended."""
    if not os.path.exists(directory + "/run.json"):
        return
    done = subprocess.run([program, "verify", directory], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    expect(done.returncode == 0, "verify: " + done.stdout)


def play(program, url, draw, folder):
    listing, whole, cut = (os.path.join(folder, name)
                           for name in ("list", "whole", "cut"))
    write_list(listing, url, draw, draw.choice([5, 60, 300]))
    command = [program, "run", listing, "-e", "<a ([^>]*)>", "-e", r"\d{3}",
               "--allow-private", "--retries", "0", "--progress", "none",
               *draw_options(draw)]
    with open(os.path.join(folder, "log"), "w") as log:
        subprocess.run([*command, "-o", whole], check=True, stderr=log)
        kills = 0
        while kills < 12 and kill_once([*command, "-o", cut], draw, log):
            kills += 1
            verify(program, cut)
        for _ in range(2):  # to the end, and once more
            done = subprocess.run([*command, "-o", cut], stderr=log,
                                  check=False)
            expect(done.returncode == 0, f"status {done.returncode}")
    expect(outcomes_of(whole) == outcomes_of(cut), "other outcomes")
    expect(matches_of(whole) == matches_of(cut), "other matches")
    expect(index_size(whole) == index_size(cut), "other pages")
    check_pages(cut, index_size(whole))
    for directory in (whole, cut):
        verify(program, directory)
    left = glob.glob(cut + "/**/*.part", recursive=True)
    expect(not left, f"left behind: {left}")
    return kills, command


def main():
    options = parse_options()
    server = Server(options.server)
    kills = 0
    started = time.monotonic()
    try:
        for n in range(options.rounds):
            draw = random.Random(f"{options.seed}/{n}")
            folder = tempfile.mkdtemp(prefix="fetchgrep-kills.")
            try:
                done, _ = play(options.program, server.url, draw, folder)
            except Wrong as wrong:
                print(f"round {n} of seed {options.seed}: {wrong}\n"
                      f"its files: {folder}", file=sys.stderr)
                return 1
            kills += done
            shutil.rmtree(folder)
    finally:
        server.stop()
    print(f"{options.rounds} runs, killed {kills} times, all as if nobody had "
          f"touched them ({time.monotonic() - started:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
