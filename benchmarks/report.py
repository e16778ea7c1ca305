"""How figures are shown: on the screen, and as the table of docs/benchmarks.md."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table


class Row(NamedTuple):
    """One figure and what it is held against, both of one run."""

    name: str
    ours: str
    against: str
    ratio: float | None
    goal: str


_HEAD = ("figure", "ours", "against", "ratio", "goal")


def show(rows: Sequence[Row]) -> None:
    """Print the figures."""
    show_table(_HEAD, [_cells(row) for row in rows])


def show_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, note: str = "") -> None:
    """Print a table, then the same as Markdown."""
    if not rows:
        return
    table = Table(*head, caption=note)
    for row in rows:
        table.add_row(*row)
    console = Console(width=120)
    console.print(table)
    lines = [head, ("---",) * len(head), *rows]
    markdown = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    console.print(markdown, markup=False, highlight=False, soft_wrap=True)


def _cells(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return row.name, row.ours, row.against, ratio, row.goal
