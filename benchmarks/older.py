"""An older tree and this one, side by side: the same rounds in turns, each in a process."""

import asyncio
import os
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.report import Row
from infra.emulator import PROJECT, running

#: Before a promise cost a third.
_COMMIT: Final = "e3edf7b"
_ROUNDS: Final = 5
_ROOT: Final = Path(__file__).parent.parent


class _Figure(NamedTuple):
    name: str
    store: str
    size: int
    goal: str


_FIGURES: Final = (
    _Figure("dispatch", "SQLite", 20_000, ">= 1.3"),
    _Figure("receipts", "SQLite", 5_000, ">= 2"),
    _Figure("dispatch", "emulator", 10_000, ">= 1.6"),
    _Figure("receipts", "emulator", 1_000, ">= 2"),
)


class _Took(NamedTuple):
    """Seconds of one round."""

    wall: float
    processor: float


async def measure() -> list[Row]:
    """Measure dispatch and receipts of both trees on both stores."""
    async with _older_tree() as older:
        with running(heap="4g") as emulator:
            return [row for figure in _FIGURES for row in await _rows(figure, older, emulator.host)]


@asynccontextmanager
async def _older_tree() -> AsyncIterator[Path]:
    """Check the older commit out, and give its folder."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "older"
        await _run("git", "-C", str(_ROOT), "worktree", "add", "--detach", str(tree), _COMMIT)
        try:
            yield tree
        finally:
            await _run("git", "-C", str(_ROOT), "worktree", "remove", "--force", str(tree))


async def _rows(figure: _Figure, older: Path, host: str) -> list[Row]:
    ours, theirs = list[_Took](), list[_Took]()
    for number in range(_ROUNDS):
        theirs.append(await _round(figure, older, f"{host}/{PROJECT}-{figure.name}-old-{number}"))
        ours.append(await _round(figure, _ROOT, f"{host}/{PROJECT}-{figure.name}-new-{number}"))
    name = f"{figure.name} of {figure.size:,}, {figure.store}"
    return [
        _row(name, figure, [t.wall for t in ours], [t.wall for t in theirs]),
        _row(
            f"{name}, of processor time",
            figure._replace(goal="told"),
            [t.processor for t in ours],
            [t.processor for t in theirs],
        ),
    ]


def _row(name: str, figure: _Figure, ours: list[float], theirs: list[float]) -> Row:
    """Return a figure; its ratio is the median of the rounds' own."""
    ratio = statistics.median(old / new for new, old in zip(ours, theirs, strict=True))
    rate, older = (figure.size / statistics.median(each) for each in (ours, theirs))
    return Row(name, f"{rate:,.0f}/s", f"{_COMMIT}: {older:,.0f}/s", ratio, figure.goal)


async def _round(figure: _Figure, tree: Path, project: str) -> _Took:
    """Run one round with the code of a tree, on a store of its own."""
    with tempfile.TemporaryDirectory() as folder:
        where = f"{folder}/bench.db" if figure.store == "SQLite" else project
        probe = str(_ROOT / "benchmarks" / "probe.py")
        told = await _run(
            *(sys.executable, "-P", probe, figure.name, where, str(figure.size)), tree=tree
        )
    return _Took(*map(float, told.splitlines()[-1].split()))


async def _run(*command: str, tree: Path = _ROOT) -> str:
    environment = {**os.environ, "PYTHONPATH": str(tree)}  # noqa: TID251 - handed on to a child process
    process = await asyncio.create_subprocess_exec(
        *command, cwd=tree, env=environment, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return told.decode()
