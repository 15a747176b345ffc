"""The lines of extraction: one pattern, sets, one archive, the team."""

import functools
import os
import subprocess

from kinds import CountLine, Line
from measure import Command, Wrong, run

META = "<meta .*?>"
HREF = 'href="(https?://[^"]+)"'
EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}"
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
SECRETS = os.path.join(ROOT, "data", "patterns", "secrets.txt")
MAKE_RULES = os.path.join(ROOT, "tests", "support", "make_rules.py")
RULE_SEED = 20261123


class ExtractLines:
    """Mixed into Lines, which has program, tools, corpus, text and theirs."""

    def extract_names(self):
        """Each line's name, what makes it, and its arguments."""
        table = {
            "extract-meta": (self.against_rg, META, 1.15),
            "extract-href": (self.against_rg, HREF, 0.85),
            "extract-email": (self.against_rg, EMAIL, 0.22),
            "set-52": (self.against_scan, SECRETS),
            "set-200": (self.against_scan, 200),
            "set-1500": (self.against_scan, 1500),
            "set-5000": (self.against_scan, 5000),
            "set-52-pcre2": (self.set_pcre2,),
            "set-start": (self.set_start,),
            "warc-zcat": (self.warc_zcat,),
            "workers-set": (self.workers, ["-f", SECRETS], 1 / 1.85),
            "workers-meta": (self.workers, ["-e", META], 1 / 1.5),
            "workers-64": (self.workers_64,),
            "processes": (self.processes,),
            "locks": (self.locks,),
        }
        return {name: functools.partial(row[0], name, *row[1:])
                for name, row in table.items()}

    # ---- the lines -----------------------------------------------------------

    def against_rg(self, name, regex, floor):
        tree = self.corpus.make_tree()
        peer = Command(["rg", "--no-config", "-j2", "-uuu", "-oN", regex, tree],
                       stdout=self.theirs, fresh=[self.theirs],
                       check=lambda: lines_in(self.theirs))
        return Line(name, self.search(tree, ["-e", regex]), peer, floor)

    def against_scan(self, name, rules):
        """Reading the files and hs_scan over the same database, no more."""
        rules = rules if isinstance(rules, str) else self.rules(rules)
        tree = self.corpus.make_tree()
        ours = self.warm(self.search(tree, ["-f", rules]))
        peer = Command([self.tools + "/hs_floor", rules, tree, "2"])
        ours.check = peer.check
        return Line(name, ours, peer, 1.3)

    def set_pcre2(self, name):
        tree = self.corpus.make_tree()
        ours = self.warm(self.search(tree, ["-f", SECRETS], is_quiet=True))
        peer = self.search(tree, ["-f", SECRETS, "--no-prefilter"], self.theirs,
                           is_quiet=True)
        return Line(name, ours, peer, 0.18, runs=3)

    def set_start(self, name):
        """A set of 5,000 that was compiled before, against half a second."""
        page = self.corpus.path("www", self.corpus.small[0])
        ours = self.warm(self.search(page, ["-f", self.rules(5000)]))
        ours.check = lambda: None
        return Line(name, ours, Command(["sleep", "0.5"]), 1.0)

    def warc_zcat(self, name):
        warc = self.corpus.make_warc(self.run_kept)
        both = 'zcat "$1" | rg --no-config -aoN "$2"'
        peer = Command(["sh", "-c", both, "sh", warc, META],
                       stdout=self.theirs, fresh=[self.theirs],
                       check=lambda: lines_in(self.theirs))
        return Line(name, self.search(warc, ["-e", META]), peer, 0.13, runs=3)

    def workers(self, name, patterns, floor):
        tree = self.corpus.make_tree()
        quiet = "-f" in patterns
        ours = self.warm(self.search(tree, [*patterns, "-j2"], is_quiet=quiet))
        peer = self.search(tree, [*patterns, "-j1"], self.theirs, quiet)
        return Line(name, ours, peer, floor)

    def workers_64(self, name):
        tree = self.corpus.make_tree()
        ours = self.warm(self.search(tree, ["-f", SECRETS, "-j64"],
                                     is_quiet=True))
        peer = self.search(tree, ["-f", SECRETS, "-j2"], self.theirs, True)
        return Line(name, ours, peer, 1.05)

    def processes(self, name):
        tree = self.corpus.make_tree()
        ours = self.search(tree, ["-e", META, "--isolation", "processes"])
        peer = self.search(tree, ["-e", META], self.theirs)
        return Line(name, ours, peer, 1.25)

    def locks(self, name):
        """Shared locks taken by a page."""
        tree = self.corpus.make_tree()
        ours = self.search(tree, ["-e", META, "-j2"])
        counted = self.corpus.path("locks")
        ours.argv = ["env", f"LD_PRELOAD={self.tools}/count_locks.so",
                     "COUNT_LOCKS=" + counted, *ours.argv]
        pages = 10 * len(self.corpus.docs)
        return CountLine(name, ours, lambda: number_in(counted) / pages, 0.1)

    # ---- commands ------------------------------------------------------------

    def search(self, tree, options, out=None, is_quiet=False):
        """`is_quiet`: the pages hold nothing that the patterns look for."""
        out = out or self.text
        return Command([self.program, "extract", tree, *options, "--progress",
                        "none"],
                       stdout=out, fresh=[out],
                       check=lambda: lines_in(out, is_quiet))

    def warm(self, command):
        """Runs it once, so that its set of patterns is compiled and kept."""
        run(command, self.corpus.dir)
        return command

    def rules(self, count):
        path = self.corpus.path(f"rules-{count}")
        if not os.path.exists(path):
            with open(path, "wb") as out:
                subprocess.run(["/usr/bin/python3", MAKE_RULES, str(count),
                                "--seed", str(RULE_SEED)],
                               stdout=out, check=True)
        return path


def lines_in(path, may_be_empty=False):
    with open(path, "rb") as lines:
        count = sum(block.count(b"\n")
                    for block in iter(lambda: lines.read(1 << 20), b""))
    if not count and not may_be_empty:
        raise Wrong(f"{os.path.basename(path)} is empty")
    return count


def number_in(path):
    with open(path) as text:
        return int(text.read())
