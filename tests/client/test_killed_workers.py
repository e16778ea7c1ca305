"""Three workers share a store and are killed at random: each action is done once, or told lost."""

import asyncio
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from functions import CampaignScheduler
from tests.client.conftest import action

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).with_name("worker_process.py")
SUBJECTS, WORKERS, KILLS = 150, 3, 4


@contextmanager
def workers(url: str, book: Path, how: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Give processes with a worker on a store."""
    running = [_started(url, book, how) for _ in range(WORKERS)]
    try:
        yield running
    finally:
        for each in running:
            each.kill()
            each.wait()


def _started(url: str, book: Path, how: str) -> subprocess.Popen[bytes]:
    root = str(PROGRAM.parents[2])
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, PROGRAM, url, book, how], cwd=root, env={"PYTHONPATH": root}
    )


def begun(book: Path) -> Counter[tuple[str, ...]]:
    """Return how often each action of each subject was begun."""
    lines = book.read_text().splitlines() if book.exists() else []
    return Counter(tuple(line.split()[1:3]) for line in lines if line.startswith("begun"))


@pytest.mark.parametrize("how", ["once", "idempotent"])
async def test_killed_at_random(tmp_path: Path, how: str) -> None:
    """No action is begun twice; what a worker died in has failed as lost, or is done again."""
    url, book = f"sqlite:///{tmp_path}/shared.db", tmp_path / "book"
    chance = random.Random(7)  # noqa: S311 - no secret
    async with CampaignScheduler(url) as scheduler:
        actions = [action("now", "0days"), action("soon", "3seconds"), action("later", "5seconds")]
        await scheduler.define({"id": "shared", "active": True, "actions": actions})
        with workers(url, book, how) as running:
            names = [f"subject#{number}" for number in range(SUBJECTS)]
            for first in range(0, SUBJECTS, 30):
                await scheduler.schedule_many("shared", names[first : first + 30])
                await asyncio.sleep(0.5)
            for _ in range(KILLS):
                victim = chance.randrange(WORKERS)
                running[victim].kill()
                running[victim].wait()
                running[victim] = _started(url, book, how)
                await asyncio.sleep(chance.uniform(0.3, 1.5))
            await _ended(scheduler)
        states = Counter(
            (str(each.state), each.log) for each in await scheduler.get_actions(limit=10_000)
        )
    lost = states.pop(("failed", "sender_lost"), 0)
    assert set(states) == {("completed", '"done"')}
    assert states.total() + lost == 3 * SUBJECTS
    times = begun(book)
    if how == "once":
        assert max(times.values()) == 1
        assert lost <= 20 * 2 * KILLS
    else:
        assert (lost, len(times)) == (0, 3 * SUBJECTS)


async def _ended(scheduler: CampaignScheduler) -> None:
    """Wait until nothing is left to do."""
    for _ in range(300):
        actions = (await scheduler.status()).actions
        if not actions["pending"] and not actions["processing"]:
            return
        await asyncio.sleep(0.3)
    raise AssertionError(f"still to do: {actions}")
