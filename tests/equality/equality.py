#!/usr/bin/env python3
"""Whole-program equality: what `fetchgrep extract` finds is what Python's
re.finditer and plain PCRE2 find, and it is the same in every way of running it.

    tests/equality/equality.py --program PATH --oracle PATH
        [--seed N] [--rounds N] [--seconds S] [--pages N] [--patterns N]
        [--require-all] [--folder DIR]

A round is a set of random patterns and a folder of random pages, so thousands
of pairs cost a few starts of the program:

  1. page files, one worker, against PCRE2 (tests/support/pcre2_oracle.c), and
     against Python where the languages agree
  2. the same input once more in each way: more workers, processes, without the
     prefilter: equal matches and outcomes
  3. the same pages in one WARC, in several packings, whole and cut into parts:
     equal matches

Ways that this build of the program does not have are named and left out;
--require-all makes that a failure. What differs is printed with the folder that
shows it and the command; a round is repeated by its seed.
"""

import argparse
import os
import random
import re
import shutil
import signal
import sys
import time

import grammar
import pages as pages_module
from program import Failure, Program, ask_oracle, faulty_patterns


DENSE_PER_PAGE = 8
PYTHON_SECONDS = 0.5  # for a pattern and a page


class Offsets:
    """Byte offsets of rising positions."""

    def __init__(self, text):
        self.text, self.at, self.bytes = text, 0, 0
        self.is_ascii = text.isascii()

    def of(self, at):
        if self.is_ascii:
            return at
        self.bytes += len(self.text[self.at:at].encode())
        self.at = at
        return self.bytes


def python_matches(regex, text):
    names = {place: name for name, place in regex.groupindex.items()}
    offsets = Offsets(text)
    return [(offsets.of(m.start()), m.group(),
             tuple((names.get(i, str(i)), value)
                   for i, value in enumerate(m.groups(), 1)))
            for m in regex.finditer(text)]


class TooSlow(Exception):
    pass


def raise_too_slow(signal_number, frame):
    raise TooSlow


def python_matches_soon(regex, text):
    """None when Python takes long: it has no limits of its own."""
    signal.setitimer(signal.ITIMER_REAL, PYTHON_SECONDS)
    try:
        return python_matches(regex, text)
    except TooSlow:
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Round:
    """One set of patterns on one folder of pages."""

    def __init__(self, args, seed, kind):
        self.args, self.seed, self.kind = args, seed, kind
        self.rng = random.Random(seed)
        self.folder = os.path.join(args.folder, f"round-{seed}")
        self.pages_dir = os.path.join(self.folder, "pages")
        self.patterns_path = os.path.join(self.folder, "patterns")
        self.caseless = kind == "text" and self.rng.random() < .25
        self.options = ["-i"] if self.caseless else []
        if kind == "raw":
            self.options += ["--charset", "raw"]
        if kind == "unicode":
            self.options += ["--unicode"]
        self.pair_count = self.match_count = 0
        self.given_up = set()

    # -- making ------------------------------------------------------------

    def make(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.pages_dir)
        rng, args = self.rng, self.args
        self.patterns = [
            grammar.make_pattern(f"p{i}", rng, i % 5 < 3, self.caseless)
            for i in range(args.patterns)]
        if self.kind == "raw":
            self.pages = pages_module.make_byte_pages(rng, args.pages)
        else:
            self.pages = pages_module.make_pages(
                self.patterns, rng, self.caseless, args.pages,
                self.kind == "text" and args.has_charsets)
        for page in self.pages:
            self.write(os.path.join(self.pages_dir, page.name), page.body)
        self.write_patterns()
        if self.kind == "raw":  # some name characters that are no bytes
            faulty = faulty_patterns(args.oracle, self.patterns_path,
                                     self.oracle_options())
            self.leave_out(lambda p: p.name in faulty)

    def leave_out(self, is_out):
        self.patterns = [p for p in self.patterns if not is_out(p)]
        self.write_patterns()

    def write_patterns(self):
        self.write(self.patterns_path, "".join(
            f"{p.name}\t{p.regex}\n" for p in self.patterns).encode())

    def leave_out_dense_patterns(self):
        """What matches nearly everywhere takes most of the time and shows
        little: one of them is enough."""
        counts = self.extract([self.pages_dir], ["-j", "2"]).match_counts()
        dense = [p for p in self.patterns
                 if counts[p.name] > DENSE_PER_PAGE * len(self.pages)][1:]
        self.leave_out(lambda p: p in dense)

    @staticmethod
    def write(path, content):
        with open(path, "wb") as file:
            file.write(content)

    # -- comparing ---------------------------------------------------------

    def oracle_options(self):
        options = {"raw": ["-b"], "unicode": ["-u"]}.get(self.kind, [])
        return options + (["-i"] if self.caseless else [])

    def differ(self, what, key, found, expected):
        page, name = key
        regex = next(p.regex for p in self.patterns if p.name == name)
        at = next((i for i, (a, b) in enumerate(zip(found, expected))
                   if a != b), min(len(found), len(expected)))
        raise Failure(f"{what}: {page}: pattern {name}: {regex!r}\n"
                      f"match {at} of {len(found)}: {found[at:at + 1]}\n"
                      f"instead of, of {len(expected)}: "
                      f"{expected[at:at + 1]}")

    def compare(self, what, found, expected):
        for key in sorted(set(found) | set(expected)):
            if (key not in self.given_up
                    and found.get(key, []) != expected.get(key, [])):
                self.differ(what, key, found.get(key, []),
                            expected.get(key, []))

    def check_oracle(self, found):
        """The oracle reads the text that patterns see, not the page."""
        texts = os.path.join(self.folder, "texts")
        os.makedirs(texts)
        for page in self.pages:
            self.write(os.path.join(texts, page.name),
                       page.body if page.text is None else page.utf8())
        expected, self.given_up = ask_oracle(
            self.args.oracle, self.patterns_path, texts,
            [page.name for page in self.pages],
            self.oracle_options())
        if len(self.given_up) > len(self.patterns) * len(self.pages) // 50:
            raise Failure("PCRE2 gives too many searches up: "
                          f"{sorted(self.given_up)[:3]}")
        self.compare("against PCRE2", found, expected)
        self.pair_count += len(self.patterns) * len(self.pages)
        self.match_count += sum(map(len, expected.values()))

    def check_python(self, found):
        if self.kind != "text":
            return
        for pattern in self.patterns:
            if pattern.python:
                self.check_python_pattern(pattern, found)

    def check_python_pattern(self, pattern, found):
        regex = re.compile(pattern.python, re.I if self.caseless else 0)
        for page in self.pages:
            key = page.name, pattern.name
            expected = python_matches_soon(regex, page.text)
            if expected is None:
                self.args.slow_count += 1
                return
            if key not in self.given_up and found.get(key, []) != expected:
                self.differ("against Python", key, found.get(key, []),
                            expected)
            self.args.python_pair_count += 1

    def check_outcomes(self, outcomes):
        for outcome in outcomes:
            if outcome["outcome"] == "ok" and "detail" not in outcome:
                continue
            page = outcome["url"].rsplit("/", 1)[-1]
            if not any(key[0] == page for key in self.given_up):
                raise Failure(f"an outcome that is not plain ok: {outcome}")

    # -- running -----------------------------------------------------------

    def extract(self, inputs, options):
        return self.args.fetchgrep.extract(
            inputs, self.patterns_path, os.path.join(self.folder, "out"),
            self.options + options)

    def ways(self):
        """Options that must not change a thing: two of them each time."""
        program, rng = self.args.fetchgrep, self.rng
        threads = ["-j", str(rng.randint(2, 8))]
        ways = [threads]
        if program.has("no-prefilter"):
            ways.append(["-j", "2", "--no-prefilter"])
        if program.has("isolation"):
            processes = ["-j", str(rng.randint(1, 4)), "--isolation",
                         "processes"]
            ways.append(processes)
            if program.has("no-prefilter"):
                ways.append(processes + ["--no-prefilter"])
        return rng.sample(ways, min(2, len(ways)))

    def check_same(self, what, results, first):
        if results.lines != first.lines:
            self.compare(what, results.matches(), first.matches())
            if not self.given_up:
                raise Failure(f"{what}: lines differ, but not in matches")

    def check_same_outcomes(self, what, results, first):
        if results.outcomes == first.outcomes or self.given_up:
            return
        for one, other in zip(results.outcomes, first.outcomes):
            if one != other:
                raise Failure(f"{what}: outcome {one}\ninstead of {other}")
        raise Failure(f"{what}: {len(results.outcomes)} outcomes")

    def check_ways(self, inputs, first):
        for way in self.ways():
            what = f"with {' '.join(way)}"
            results = self.extract(inputs, way)
            self.check_same(what, results, first)
            self.check_same_outcomes(what, results, first)

    def check_archives(self, pages_results):
        records = pages_module.warc_records(self.pages, self.rng)
        forms = [("a.warc", pages_module.write_plain),
                 ("a.warc.gz", pages_module.write_members),
                 ("b.warc.gz", pages_module.write_whole)]
        program, rng = self.args.fetchgrep, self.rng
        ways = [["-j", "1"]]
        if program.has("part-size"):
            ways.append(["--part-size", rng.choice(["4k", "9k", "40k"]),
                         "-j", str(rng.randint(2, 8))])
        first = None
        for name, write in rng.sample(forms, 2):
            path = os.path.join(self.folder, name)
            write(path, records)
            for way in ways:
                what = f"{name} {' '.join(way)}"
                results = self.extract([path], way)
                self.check_same(what, results, pages_results)
                self.check_outcomes(results.outcomes)
                first = first or results
                self.check_same_outcomes(what, results, first)

    def run(self):
        self.make()
        self.leave_out_dense_patterns()
        results = self.extract([self.pages_dir], ["-j", "1"])
        found = results.matches()
        self.check_oracle(found)
        self.check_outcomes(results.outcomes)
        self.check_python(found)
        self.check_ways([self.pages_dir], results)
        if self.kind == "text":
            self.check_archives(results)


def kinds_of_rounds(program):
    """Every fourth round is of another kind, if the program has it."""
    kinds = ["text"] * 3
    if program.has("unicode"):
        kinds.append("unicode")
    kinds += ["text"] * 3
    if program.has("charset"):
        kinds.append("raw")
    return kinds


def note_missing(args):
    missing = [f"--{option}" for option in
               ("no-prefilter", "isolation", "part-size", "charset", "unicode")
               if not args.fetchgrep.has(option)]
    if missing:
        print(f"not compared, for this program has no {' '.join(missing)}")
        if args.require_all:
            raise Failure("--require-all")


def run_rounds(args):
    start = time.monotonic()
    kinds = kinds_of_rounds(args.fetchgrep)
    rounds = pairs = matches = 0
    while rounds < args.rounds and time.monotonic() - start < args.seconds:
        seed = args.seed + rounds
        one = Round(args, seed, kinds[seed % len(kinds)])
        try:
            one.run()
        except Failure as failure:
            print(f"round {one.seed} ({one.kind}), kept in {one.folder}:")
            raise failure
        shutil.rmtree(one.folder)
        rounds += 1
        pairs += one.pair_count
        matches += one.match_count
    if rounds == 0 or matches < pairs // 50:
        raise Failure(f"{rounds} rounds with {matches} matches prove nothing")
    print(f"equal: {pairs} pairs of a pattern and a page in {rounds} rounds, "
          f"{matches} matches; {args.python_pair_count} pairs against Python "
          f"too, {args.slow_count} patterns too slow for it; {time.monotonic() - start:.1f} s")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--oracle", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1000000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--pages", type=int, default=150)
    parser.add_argument("--patterns", type=int, default=30)
    parser.add_argument("--folder", default="build/equality")
    parser.add_argument("--require-all", action="store_true")
    args = parser.parse_args()
    args.fetchgrep = Program(args.program, os.path.abspath(
        os.path.join(args.folder, "cache")))
    args.has_charsets = args.fetchgrep.has("charset")
    args.python_pair_count = args.slow_count = 0
    signal.signal(signal.SIGALRM, raise_too_slow)
    os.makedirs(args.folder, exist_ok=True)
    try:
        note_missing(args)
        run_rounds(args)
    except Failure as failure:
        print(failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
