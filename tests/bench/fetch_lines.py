"""The lines of the fetch engine: small pages, large ones, slow servers."""

import os
import resource
import subprocess

from corpus import SMALL_SIZE
from kinds import CountLine, Line, MemoryLine
from measure import Command, Wrong, run

HERE = os.path.dirname(os.path.abspath(__file__))
WAIT_MS = 200
WAITING = 5000
AT_ONCE = 1000
# Each transfer may need two descriptors, and both sides are counted apart.
MOST_AT_ONCE = min(
    10000, (resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 200) // 2)


class FaultServer:
    """Answers after a while; it ends when its standard input closes."""

    def __init__(self, program):
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
        self.base = f"http://127.0.0.1:{self.child.stdout.readline().strip()}"

    def stop(self):
        self.child.stdin.close()
        self.child.wait()


class FetchLines:
    """Mixed into Lines, which has program, corpus and commands."""

    server = None

    def fetch_names(self):
        return {
            "small-curl": self.small_curl,
            "small-wget2": self.small_wget2,
            "small-aiohttp": self.small_aiohttp,
            "small-page-us": self.small_page_us,
            "large-curl": self.large_curl,
            "wait-200ms": self.wait_200ms,
            "open-10000": self.open_10000,
            "open-10000-cpu": self.open_10000_cpu,
        }

    def fetch_long_names(self):
        return {"memory-2M": self.memory_2m}

    def stop_server(self):
        if self.server:
            self.server.stop()

    # ---- pages of 4 kB and of 96 kB ------------------------------------------

    def small_curl(self):
        return Line("small-curl", self.fetch(self.small(1), 1),
                    self.curl(self.small(1)), 0.65)

    def small_wget2(self):
        """Both keep the pages: it in files, we in a WARC."""
        pages = self.corpus.path("wget2")
        peer = Command(["wget2", "--no-config", "--quiet", "--max-threads=64",
                        "--input-file", self.small(1),
                        "--directory-prefix", pages],
                       dirs=[pages], check=lambda: self.check_files(pages))
        ours = self.fetch_list(self.small(1), len(self.corpus.small),
                               [*self.many(), "--store", "plain"])
        return Line("small-wget2", ours, peer, 0.35, runs=3)

    def check_files(self, folder):
        names = os.listdir(folder)
        size = sum(os.path.getsize(os.path.join(folder, name))
                   for name in names)
        if size != SMALL_SIZE * len(self.corpus.small):
            raise Wrong(f"wget2 kept {len(names)} files, {size} bytes")

    def small_aiohttp(self):
        peer = Command(["/usr/bin/python3",
                        os.path.join(HERE, "peers", "fetch_aiohttp.py"),
                        self.small(1)])
        return Line("small-aiohttp", self.fetch(self.small(1), 1), peer, 0.2,
                    runs=3)

    def small_page_us(self):
        """User and system time of a page, in microseconds."""
        pages = len(self.corpus.small)
        return counted("small-page-us", self.fetch(self.small(1), 1),
                       lambda usage: 1e6 * usage.cpu / pages, 50)

    def large_curl(self):
        entries = 10 * len(self.corpus.docs)
        ours = self.fetch_list(self.docs10(), entries, self.many())
        return Line("large-curl", ours, self.curl(self.docs10()), 0.9)

    # ---- servers that take their time ----------------------------------------

    def wait_200ms(self):
        """Wall time over the least that so many waits take."""
        listing = self.waits(WAITING, WAIT_MS)
        ideal_s = WAITING / AT_ONCE * WAIT_MS / 1000
        return counted("wait-200ms",
                       self.fetch_list(listing, WAITING, self.at_once(AT_ONCE)),
                       lambda usage: usage.wall / ideal_s, 1.35)

    def open_10000(self):
        return MemoryLine("open-10000", self.open(100, MOST_AT_ONCE // 10),
                          self.open(MOST_AT_ONCE, MOST_AT_ONCE),
                          limit=400_000_000, growth=400_000_000)

    def open_10000_cpu(self):
        """User and system time of a page, over that at 100 at once."""
        count = 4 * MOST_AT_ONCE
        few = run(self.open(100, count, 1), self.corpus.dir).cpu
        return counted("open-10000-cpu", self.open(MOST_AT_ONCE, count, 1000),
                       lambda usage: usage.cpu / few, 2.0)

    def open(self, at_once, entries, wait_ms=2000):
        listing = self.waits(entries, wait_ms if at_once > 100 else 1)
        return self.fetch_list(
            listing, entries, [*self.at_once(at_once), "--memory", "128M"])

    # ---- long ----------------------------------------------------------------

    def memory_2m(self):
        return MemoryLine("memory-2M", self.fetch(self.small(10), 10),
                          self.fetch(self.small(100), 100), growth=2 << 20)

    # ---- how -----------------------------------------------------------------

    def many(self):
        return ["--per-host", "64", "--concurrency", "64"]

    def at_once(self, count):
        return ["--concurrency", str(count), "--per-host", str(count)]

    def curl(self, listing):
        return Command(["curl", "-q", "-Z", "--parallel-max", "64", "--fail",
                        "--silent", "--show-error", "--no-progress-meter",
                        "--config", self.corpus.curl_config(listing)])

    def waits(self, count, wait_ms):
        if not self.server:
            self.server = FaultServer(self.tools + "/../server/fault_server")
        listing = self.corpus.path(f"wait-{count}-{wait_ms}.urls")
        with open(listing, "w") as out:
            for n in range(count):
                out.write(f"{self.server.base}/wait?ms={wait_ms}&size=500&n={n}\n")
        return listing


def counted(name, command, count, limit):
    """A line whose number is made of what the run took."""
    line = CountLine(name, command, None, limit)
    line.count = lambda: count(line.usage)
    return line
