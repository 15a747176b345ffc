"""The comparisons: what stands against what, and the floor of each."""

import glob
import gzip
import json
import os

from extract_lines import META, ExtractLines
from fetch_lines import FetchLines
from frontier_lines import FrontierLines
from kinds import Line, MemoryLine
from measure import Command, Wrong
from wide import WideLines

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")
MODELS = ["thread_pool", "asyncio_aiohttp", "process_pool"]
MANY = ["--per-host", "64", "--concurrency", "64", "--allow-private",
        "--progress", "none"]
CURL = ["curl", "-q", "-Z", "--parallel-max", "64", "--fail", "--silent",
        "--show-error", "--no-progress-meter"]


class Lines(ExtractLines, FetchLines, FrontierLines, WideLines):
    """Makes each line when it is asked for, with the files it needs."""

    def __init__(self, program, tools, corpus):
        self.program = program
        self.tools = tools
        self.corpus = corpus
        self.out = corpus.path("ours.dir")
        self.text = corpus.path("ours.out")
        self.theirs = corpus.path("theirs.out")
        self.names = {
            "run-curl-rg": self.run_curl_rg,
            "run-python": self.run_python,
            "warc-wget": self.warc_wget,
            **self.fetch_names(),
            **self.extract_names(),
            **self.frontier_names(),
            **self.wide_names(),
            "start-stdout": self.start_stdout,
            "start-dir": self.start_dir,
            "memory-run": self.memory_run,
            "memory-warc": self.memory_warc,
            "memory-small": self.memory_small,
            "memory-extract": self.memory_extract,
        }
        # Those that take minutes are measured when they are named.
        self.long_names = {**self.frontier_long_names(),
                           **self.fetch_long_names()}

    # ---- the lines -----------------------------------------------------------

    def run_curl_rg(self):
        got = self.corpus.path("got")
        config = self.corpus.curl_config(self.docs10(), got)
        # Two programs, one after the other: that is how it is done with them.
        both = '"$@" && exec rg --no-config -j2 -uuu -oN "$PATTERN" got >"$OUT"'
        peer = Command(
            ["env", "PATTERN=" + META, "OUT=" + self.theirs, "sh", "-c", both,
             "sh", *CURL, "--config", config],
            dirs=[got], check=lambda: count_lines(self.theirs))
        ours = self.run(self.docs10(), "none", 10 * len(self.corpus.docs))
        return Line("run-curl-rg", ours, peer, 0.55)

    def run_python(self):
        ours = self.run(self.docs10(), "none", 10 * len(self.corpus.docs))
        models = [self.model(name, self.docs10()) for name in MODELS]
        return Line("run-python", ours, models[0], 0.30, others=models[1:])

    def warc_wget(self):
        warc = self.corpus.path("wget")
        peer = Command(
            ["wget", "--no-config", "--quiet", "--input-file", self.docs(),
             "--warc-file", warc + "/pages", "--warc-tempdir", warc,
             "--output-document", os.devnull],
            dirs=[warc], check=lambda: count_responses(warc))
        return Line("warc-wget", self.run_kept(self.docs(), 1), peer, 0.12)

    def start_stdout(self):
        listing = self.four()
        ours = Command(
            [self.program, "run", listing, "-e", META, *MANY],
            stdout=self.text, fresh=[self.text],
            check=lambda: expect(count_lines(self.text), 4, "matches"))
        return self.start("start-stdout", ours)

    def start_dir(self):
        ours = self.run(self.four(), "none", 4)
        matches = ours.check
        ours.check = lambda: expect(matches(), 4, "matches")
        return self.start("start-dir", ours)

    def memory_run(self):
        docs = 10 * len(self.corpus.docs)
        ten = self.corpus.urls("docs-100", self.corpus.docs, 100)
        return MemoryLine("memory-run", self.run(self.docs10(), "none", docs),
                          self.run(ten, "none", 10 * docs))

    def memory_warc(self):
        return MemoryLine("memory-warc", self.run_kept(self.docs(), 1),
                          self.run_kept(self.docs10(), 10))

    def memory_small(self):
        return MemoryLine("memory-small", self.fetch(self.small(1), 1),
                          self.fetch(self.small(10), 10))

    def memory_extract(self):
        return MemoryLine("memory-extract",
                          self.extract(self.corpus.make_tree()),
                          self.extract(self.corpus.make_tree10()))

    # ---- lists ---------------------------------------------------------------

    def docs(self):
        return self.corpus.urls("docs", self.corpus.docs)

    def docs10(self):
        return self.corpus.urls("docs-10", self.corpus.docs, 10)

    def small(self, times):
        return self.corpus.urls(f"small-{times}", self.corpus.small, times)

    def four(self):
        return self.corpus.urls("four", self.corpus.small[:4])

    # ---- commands ------------------------------------------------------------

    def run(self, listing, store, entries):
        def check():
            check_outcomes(self.out, entries)
            return count_lines(self.out + "/matches.jsonl")
        return Command([self.program, "run", listing, "-e", META, "--store",
                        store, "-o", self.out, *MANY],
                       fresh=[self.out], check=check)

    def run_kept(self, listing, times):
        command = self.run(listing, "gzip", times * len(self.corpus.docs))
        outcomes = command.check

        def check():
            outcomes()
            return count_responses(self.out + "/pages")
        command.check = check
        return command

    def fetch(self, listing, times):
        return self.fetch_list(listing, times * len(self.corpus.small),
                               self.many())

    def fetch_list(self, listing, entries, options):
        store = [] if "--store" in options else ["--store", "none"]
        return Command([self.program, "fetch", listing, "-o", self.out,
                        "--allow-private", "--progress", "none", *store,
                        *options], fresh=[self.out],
                       check=lambda: check_outcomes(self.out, entries))

    def extract(self, tree):
        return Command([self.program, "extract", tree, "-e", META,
                        "--progress", "none"],
                       stdout=self.text, fresh=[self.text],
                       check=lambda: count_lines(self.text))

    def model(self, name, listing):
        script = os.path.join(PEERS, name + ".py")
        return Command(["/usr/bin/python3", script, listing, self.theirs],
                       fresh=[self.theirs],
                       check=lambda: count_lines(self.theirs))

    def start(self, name, ours):
        config = self.corpus.curl_config(self.four())
        peer = Command([*CURL, "--config", config])
        return Line(name, ours, peer, 1.5, runs=21)


# ---- what came out -----------------------------------------------------------

def expect(value, wanted, what):
    if value != wanted:
        raise Wrong(f"{value} {what}, not {wanted}")


def check_outcomes(directory, entries):
    with open(directory + "/summary.json") as text:
        outcomes = json.load(text)["outcomes"]
    expect(outcomes, {"ok": entries}, "as outcomes")
    expect(count_lines(directory + "/outcomes.jsonl"), entries, "outcome lines")


def count_lines(path):
    with open(path, "rb") as lines:
        count = sum(block.count(b"\n")
                    for block in iter(lambda: lines.read(1 << 20), b""))
    if not count:
        raise Wrong(f"{os.path.basename(path)} is empty")
    return count


def count_responses(directory):
    count = 0
    for name in glob.glob(directory + "/*.warc.gz"):
        with gzip.open(name) as warc:
            count += sum(line == b"WARC-Type: response\r\n" for line in warc)
    return count
