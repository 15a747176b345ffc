"""The frontier's lines: pretended transfers, so that only it is measured."""

import os
import subprocess

from kinds import CountLine
from measure import Command


class FrontierLines:
    """Made by frontier_sim, which has the real list, index and frontier."""

    def frontier_names(self):
        return {
            "frontier-sorted": self.frontier_sorted,
            "frontier-shuffled": self.frontier_shuffled,
        }

    def frontier_long_names(self):
        return {"frontier-memory": self.frontier_memory}

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
