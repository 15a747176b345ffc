"""The frontier's lines: pretended transfers, so that only it is measured."""

import os
import random
import subprocess

from kinds import CountLine, Line
from measure import Command

ZIPF_ENTRIES = 200_000
ZIPF_HOSTS = 5_000


class FrontierLines:
    """Made by frontier_sim, which has the real list, index and frontier."""

    def frontier_names(self):
        return {
            "frontier-sorted": self.frontier_sorted,
            "frontier-shuffled": self.frontier_shuffled,
        }

    def frontier_long_names(self):
        return {"frontier-memory": self.frontier_memory,
                "order-sorted": self.order_sorted}

    def frontier_sorted(self):
        """Time over the least possible, the list sorted by host."""
        return self.bound("frontier-sorted", "sorted")

    def frontier_shuffled(self):
        return self.bound("frontier-shuffled", "shuffled")

    def frontier_memory(self):
        """Peak memory of 10 million entries over that of 1 million."""
        short = self.simulation(1_000_000, 100_000, "even", "shuffled")
        memory = int(self.output(short).split()[2])
        long = self.simulation(10_000_000, 1_000_000, "even", "shuffled")
        return CountLine(
            "frontier-memory", long,
            lambda: int(self.read_text().split()[2]) / memory, 1.10)

    def order_sorted(self):
        """A real run of a list by host, over that of the same list shuffled."""
        return Line("order-sorted", self.ordered(True), self.ordered(False),
                    1.05, runs=3)

    def ordered(self, is_sorted):
        listing = self.corpus.path(f"zipf-{is_sorted}.urls")
        port = self.corpus.base.rsplit(":", 1)[1].rstrip("/")
        if not os.path.exists(listing):
            self.write_zipf(listing, port, is_sorted)
        return self.fetch_list(
            listing, ZIPF_ENTRIES,
            ["--concurrency", "256", "--per-host", "8",
             "--resolve", f"*:{port}:127.0.0.1"])

    def write_zipf(self, listing, port, is_sorted):
        """Host n has a share of 1/n of the entries; names are in no order."""
        weights = [1 / (n + 1) for n in range(ZIPF_HOSTS)]
        draw = random.Random(1)
        hosts = draw.choices(range(ZIPF_HOSTS), weights, k=ZIPF_ENTRIES)
        if is_sorted:
            hosts.sort(key=lambda n: n * 7919 % ZIPF_HOSTS)
        pages = self.corpus.small
        with open(listing, "w") as out:
            for i, host in enumerate(hosts):
                out.write(f"http://h{host * 7919 % ZIPF_HOSTS:04}.test:{port}/"
                          f"{pages[i % len(pages)]}\n")

    def bound(self, name, order):
        command = self.simulation(200_000, 5_000, "zipf", order)
        return CountLine(
            name, command, lambda: float(self.read_text().split()[1]), 1.05)

    # ---- how ----------------------------------------------------------------

    def simulation(self, entries, hosts, shares, order):
        tool = os.path.join(self.tools, "frontier_sim")
        listing = self.corpus.path(f"{shares}-{entries}-{order}.list")
        what = [str(entries), str(hosts), shares]
        if not os.path.exists(listing):
            subprocess.run([tool, "make", *what, order, listing], check=True)
        return Command([tool, "run", *what, listing], stdout=self.text,
                       fresh=[self.text])

    def output(self, command):
        return subprocess.run(command.argv, check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def read_text(self):
        with open(self.text) as text:
            return text.read()
