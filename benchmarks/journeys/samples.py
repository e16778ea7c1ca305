"""Seconds of a figure, and of the same done by hand, one sample a round."""

import statistics
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field

from benchmarks.report import Row


@dataclass(slots=True)
class Samples:
    """What the rounds took."""

    ours: list[float] = field(default_factory=list)
    by_hand: list[float] = field(default_factory=list)

    def add(self, ours: float, by_hand: float) -> None:
        """Take the seconds of one round."""
        self.ours.append(ours)
        self.by_hand.append(by_hand)

    def row(self, name: str, size: int, goal: str) -> Row:
        """Return the figure; its ratio is the median of the rounds' own ratios."""
        pairs = zip(self.ours, self.by_hand, strict=True)
        ratio = statistics.median(by_hand / ours for ours, by_hand in pairs)
        rate, bound = (size / statistics.median(each) for each in (self.ours, self.by_hand))
        return Row(name, f"{rate:,.0f}/s", f"by hand {bound:,.0f}/s", ratio, goal)


async def timed(work: Awaitable[object]) -> float:
    """Return how many seconds something takes."""
    start = time.perf_counter()
    await work
    return time.perf_counter() - start
