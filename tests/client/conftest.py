"""A library on SQLite whose clock the test moves, and the calls that it made."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from functions import Call, CampaignScheduler, Worker
from functions.client import LogEntry
from tests.engine.living_clock import LivingClock

DAY = timedelta(days=1)


def definition(**more: Any) -> dict[str, Any]:
    """Return a campaign of three actions: now, in two days at ten, and in four days."""
    actions = [
        action("mail1", "0days"),
        action("mail2", "2days", time="10:00"),
        action("mail3", "4days"),
    ]
    return {"id": "afterPurchase", "active": True, "actions": actions, **more}


def action(id_: str, offset: str, **more: Any) -> dict[str, Any]:
    """Return an action so long after its subject was scheduled."""
    interval = {"offset": offset, **more}
    return {"id": id_, "interval": interval, "callback": {"id": "sendEmail", "view": id_}}


@dataclass
class Library:
    """A scheduler, and what it called."""

    url: str
    emulator_host: str = ""
    clock: LivingClock = field(default_factory=LivingClock)
    calls: list[Call] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    logs: list[LogEntry] = field(default_factory=list)
    answer: Callable[[Call], object] = lambda _: None
    opened: list[CampaignScheduler] = field(default_factory=list)

    async def called(self, call: Call) -> object:
        """Note a call, and answer it as the test wants."""
        self.calls.append(call)
        self.times.append(self.clock.now())
        answered = self.answer(call)
        return await answered if isinstance(answered, Awaitable) else answered

    async def open(self, *, works: bool = True, **more: Any) -> CampaignScheduler:
        """Open a scheduler on the store, as another process would."""
        worker = Worker(callback=self.called, **more) if works else None
        scheduler = CampaignScheduler(
            self.url,
            worker=worker,
            on_log=self.logs.append,
            emulator_host=self.emulator_host,
            clock=self.clock,
        )
        self.opened.append(scheduler)
        return await scheduler.init()

    async def pass_time(self, scheduler: CampaignScheduler, by: timedelta) -> None:
        """Let time pass, an hour at a time, and do what is due in it."""
        end = self.clock.now() + by
        while self.clock.now() < end:
            self.clock.advance(min(timedelta(hours=1), end - self.clock.now()))
            await scheduler.run_due()

    @property
    def views(self) -> list[tuple[str, str]]:
        """The subject and the action of each call, in order."""
        return [(call.subject, call.action_id) for call in self.calls]


@pytest.fixture(autouse=True)
def log_lines_stay_as_they_are(mocker: MockerFixture) -> None:
    """Have the library find log lines set up: what it sets up is for the whole process."""
    mocker.patch("structlog.is_configured", return_value=True)


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    """Give a library on a new database."""
    made = Library(f"sqlite:///{tmp_path}/library.db")
    yield made
    for scheduler in made.opened:
        await scheduler.close()
