"""Runs fetchgrep and the PCRE2 oracle and reads what they found.

A result is the same list everywhere: for a pattern on a page, the matches in
order, each a tuple (offset, match, groups), groups a tuple of (name, value)."""

import collections
import json
import os
import re
import shutil
import subprocess

TIMEOUT_S = 300


class Failure(Exception):
    pass


class Program:
    def __init__(self, path, cache):
        self.path = path
        self.environment = dict(os.environ, XDG_CACHE_HOME=cache)
        done = subprocess.run([path, "extract", "--help"], capture_output=True,
                              text=True, timeout=TIMEOUT_S)
        self.help = done.stdout

    def has(self, option):
        return f"--{option} " in self.help or f"--{option}\n" in self.help

    def extract(self, inputs, patterns_path, out, options):
        """Searches into the directory `out`."""
        shutil.rmtree(out, ignore_errors=True)
        command = [self.path, "extract", *inputs, "-f", patterns_path, "-o",
                   out, "--progress", "none", "--max-matches", "10000000",
                   *options]
        done = subprocess.run(command, capture_output=True, text=True,
                              timeout=TIMEOUT_S, env=self.environment)
        if done.returncode or done.stderr:
            raise Failure(f"{' '.join(command)}\nexit status "
                          f"{done.returncode}\n{done.stderr[-2000:]}")
        return Results(out)


def page_of(url):
    return url.rsplit("/", 1)[-1]


# Of a page, in a line of matches.
FOLDER = re.compile(rb'(?m)^(\{"id":\d+,"url":")[^"]*/')


class Results:
    """What one run wrote. Lines are compared as they are, sorted, the folder or
    site of a page taken off: the same bytes are the same results; they are
    parsed where that is not enough."""

    def __init__(self, out):
        with open(os.path.join(out, "matches.jsonl"), "rb") as file:
            text = file.read()
        self.lines_in_order = text.split(b"\n")[:-1]
        self.lines = sorted(FOLDER.sub(rb"\1", text).split(b"\n")[:-1])
        self.outcomes = read_outcomes(out)

    def match_counts(self):
        """Of each pattern."""
        return collections.Counter(
            line.split(b'"pattern":"', 1)[1].split(b'"', 1)[0].decode()
            for line in self.lines_in_order)

    def matches(self):
        """{(page, pattern): matches}, those of one page and pattern in the
        order in which they were found."""
        found = {}
        for line in self.lines_in_order:
            match = json.loads(line)
            found.setdefault((page_of(match["url"]), match["pattern"]),
                             []).append((match["offset"], match["match"],
                                         tuple(match["groups"].items())))
        return found


VOLATILE = ("fetched_at", "ms", "ip", "attempts", "warc", "warc_offset")


def read_outcomes(out):
    """Outcome lines by id, without what design.md lets differ."""
    outcomes = []
    with open(os.path.join(out, "outcomes.jsonl"), encoding="utf-8",
              newline="\n") as file:
        for line in file:
            outcome = json.loads(line)
            for key in VOLATILE:
                outcome.pop(key, None)
            outcomes.append(outcome)
    outcomes.sort(key=lambda outcome: outcome["id"])
    return outcomes


# ---- the oracle ------------------------------------------------------------

class OraclePattern:
    def __init__(self, words):
        self.name, captures = words[0], int(words[1])
        names = {}
        for word in words[2:]:
            name, number = word.rsplit("=", 1)
            names[int(number)] = name
        # Captures that share a name are one group, in the first one's place.
        self.groups = {}
        for number in range(1, captures + 1):
            name = names.get(number, str(number))
            self.groups.setdefault(name, []).append(number)

    def match(self, places, body):
        def text(number):
            start, end = places[2 * number], places[2 * number + 1]
            return (None if start < 0
                    else body[start:end].decode(errors="replace"))
        values = []
        for name, numbers in self.groups.items():
            there = [text(n) for n in numbers if places[2 * n] >= 0]
            values.append((name, there[0] if there else None))
        return places[0], text(0), tuple(values)


def faulty_patterns(oracle, patterns_path, options):
    """Names of those that PCRE2 does not compile."""
    done = subprocess.run([oracle, *options, patterns_path],
                          capture_output=True, text=True, timeout=TIMEOUT_S)
    return [line.split(" ")[1] for line in done.stdout.splitlines()
            if line.startswith("X ")]


def ask_oracle(oracle, patterns_path, folder, pages, options):
    """{(page, pattern): matches}, and the pairs that it gave up."""
    done = subprocess.run(
        [oracle, *options, patterns_path]
        + [os.path.join(folder, page) for page in pages],
        capture_output=True, text=True, timeout=TIMEOUT_S)
    if done.returncode:
        raise Failure(f"the oracle: {done.stderr}")
    patterns, found, given_up, page = [], {}, set(), None
    for line in done.stdout.splitlines():
        words = line.split(" ")
        if words[0] == "P":
            patterns.append(OraclePattern(words[1:]))
        elif words[0] == "X":
            raise Failure(f"the oracle cannot compile: {line}")
        elif words[0] == "F":
            page = page_of(words[1])
            with open(words[1], "rb") as file:
                body = file.read()
        else:
            pattern = patterns[int(words[0])]
            key = page, pattern.name
            if words[1] == "error":
                given_up.add(key)
                continue
            found.setdefault(key, []).append(
                pattern.match([int(w) for w in words[1:]], body))
    return found, given_up
