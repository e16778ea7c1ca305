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
    """Print the table, then the same as Markdown."""
    table = Table(*_HEAD)
    for row in rows:
        table.add_row(*_cells(row))
    console = Console(width=120)
    console.print(table)
    console.print(_markdown(rows), markup=False, highlight=False, soft_wrap=True)


def _cells(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return row.name, row.ours, row.against, ratio, row.goal


def _markdown(rows: Sequence[Row]) -> str:
    lines = [_HEAD, ("---",) * len(_HEAD), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
