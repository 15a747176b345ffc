"""What a line of the table can be."""

from dataclasses import dataclass
from typing import Optional

from measure import Command, Usage


@dataclass
class Line:
    name: str
    ours: Command
    peer: Command
    floor: float
    cpu_floor: Optional[float] = None
    runs: Optional[int] = None
    #: other commands that might be the peer: the fastest of all is taken
    others: tuple = ()


@dataclass
class MemoryLine:
    name: str
    short: Command
    long: Command
    limit: int = 400_000_000
    #: windows of fixed size (16 MB of pages that wait) may fill in a longer run
    growth: int = 16 << 20


@dataclass
class CountLine:
    """A number that a run makes, against the most it may be."""
    name: str
    ours: Command
    count: callable
    limit: float
    #: what the run took, when `count` is called
    usage: Optional[Usage] = None
    runs: Optional[int] = None
