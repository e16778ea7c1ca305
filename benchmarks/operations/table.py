"""Operations: what each thing costs in writes, reads and dollars, as a cloud bills them.

Counted over many people at once, as they come; what belongs to all of them is counted with them.
"""

import asyncio
from collections.abc import Iterator
from typing import Final, NamedTuple

from benchmarks import report
from benchmarks.operations import cases, plans, virtual_time
from benchmarks.operations.cases import WAITING, Case
from benchmarks.operations.counting import Operations

#: Firestore's list prices in a region, dollars a million documents.
_WRITE, _READ = 0.90, 0.30
_NOTE: Final = f"Prices of 2026-11-29: {_WRITE:.2f} $ a million writes, {_READ:.2f} a million reads"


class Line(NamedTuple):
    """One line of the table."""

    name: str
    case: Case
    size: int  #: how many there are of what the figures are for one of
    goal: str = ""  #: writes and reads


LINES: Final = (
    Line("text with one receipt", cases.text, 1000, "3.3 and 3.2"),
    Line("call at the default rate", cases.calls, 500, "8 and 8"),
    Line("call that waits for a live-call slot", cases.blocked_calls, 1000, "8 and 8"),
    Line("mail that is opened and clicked", cases.mail, 1000),
    Line("webhook message", cases.webhook, 1000),
    Line("row of an import, into a list", cases.import_row, 1000, "1.5 writes"),
    Line("single call", cases.single, 50),
    Line("somebody on a list enters a plan", plans.enroll, 1000, "1 and 1"),
    Line("move by a timer, with a message", plans.move_by_timer, 1000, "2 and 3"),
    Line("sending that message", plans.send_moved, 1000, "2 and 1"),
    Line("receipt that moves somebody on", plans.move_by_receipt, 1000, "6 and 7"),
    Line("event that nobody hears", plans.unheard_event, 1000, "1 and 1"),
    Line("minute with nothing due", cases.minutes, 60),
    Line(f"hour of a paused campaign of {WAITING}", cases.paused, 20, "0 and 0"),
    Line(f"hour in which {WAITING} wait for a window", cases.closed_window, 20, "0 and 0"),
    Line(f"hour in which {WAITING} wait in a plan", cases.waiting_plan, 22),
)


async def measure() -> list[report.Row]:
    """Count, and show two tables of their own: a store is asked the same whatever it is."""
    counted = await asyncio.to_thread(lambda: [_counted(line) for line in LINES])
    told = list(zip(LINES, counted, strict=True))
    head = ("one", "writes", "reads", "commits", "$ a million", "goal, writes and reads")
    report.show_table(head, [_cells(*each) for each in told], note=_NOTE)
    parts = ("one", "writes of", "reads of")
    report.show_table(parts, [_parts(*each) for each in told])
    return []


def _counted(line: Line) -> Operations:
    return virtual_time.run(line.case(line.size))


def _cells(line: Line, counted: Operations) -> tuple[str, ...]:
    price = (counted.writes * _WRITE + counted.reads * _READ) / line.size
    each = (counted.writes, counted.reads, counted.commits)
    return line.name, *(f"{n / line.size:.2f}" for n in each), f"{price:.2f}", line.goal


def _parts(line: Line, counted: Operations) -> tuple[str, ...]:
    each = (counted.written, counted.read)
    return line.name, *(", ".join(_shares(part.most_common(), line.size)) for part in each)


def _shares(parts: list[tuple[str, int]], size: int) -> Iterator[str]:
    """Tell of which collections, but for those that hardly matter."""
    return (f"{name} {n / size:.2f}" for name, n in parts if n / size >= 0.02)
