"""Figure 8: the REST API under load, against a FastAPI route that does nothing."""

import tempfile
from dataclasses import replace
from datetime import datetime

from benchmarks import served
from benchmarks.report import Row
from benchmarks.rig import INDEXES, create, engine_on, make_list
from functions.bootstrap.clock import SystemClock
from functions.engine.messages.tallies import MARGIN, TIERS
from functions.engine.scheduling import delivery_days
from functions.stores.sqlite.store import SqliteStore

_CAMPAIGNS, _PEOPLE = 25, 100
_PAGE = "GET /campaigns, a page of 20 that have ended"
_GOALS = {"GET /campaigns/{id}": ">= 0.5", _PAGE: ">= 0.3", "POST /contacts": ">= 0.4"}


async def measure() -> list[Row]:
    """Measure reading a campaign, a page of them, and creating campaigns and contacts.

    Each is held against a FastAPI route that does nothing, and that against a bare function.
    """
    with tempfile.TemporaryDirectory() as folder:
        newest = await _campaigns(f"{folder}/bench.db")
        async with served.bare("fastapi") as fastapi, served.ours("api", folder) as ours:
            against = served.Against(fastapi, "FastAPI", _ask)
            rows = [
                await served.compare(ours, against, name, make, goal=_GOALS.get(name, "told"))
                for name, make in _requests(newest).items()
            ]
            return [*rows, await _nothing(fastapi)]


async def _nothing(fastapi: served.Function) -> Row:
    """Measure what FastAPI takes before a route has done anything."""
    name = "a FastAPI route that does nothing"
    async with served.bare() as bare:
        return await served.compare(fastapi, served.Against(bare), name, _ask, goal="told")


def _ask(word: str) -> bytes:
    return served.request("GET", f"/{word}")


async def _campaigns(path: str) -> str:
    """Store campaigns that ended an hour ago; return the id of the newest."""
    store = SqliteStore(path, INDEXES)
    engine = engine_on(store)
    for number in range(_CAMPAIGNS):
        await make_list(store, f"list-{number}", _PEOPLE)
        newest = await create(engine, f"list-{number}")
    await engine.queue.close()
    later = replace(engine, clock=_Later())
    await delivery_days.move(later)
    await store.close()
    return newest


class _Later(SystemClock):
    """The clock of a check that folds what has just ended."""

    def now(self) -> datetime:
        return super().now() + TIERS[0] + MARGIN


def _requests(campaign: str) -> dict[str, served.Make]:
    """Return the requests, the ones that read before those that write."""
    return {
        "GET /campaigns/{id}": lambda _: served.request("GET", f"/campaigns/{campaign}"),
        _PAGE: lambda _: served.request("GET", "/campaigns"),
        "POST /campaigns": lambda word: served.request("POST", "/campaigns", _draft(word)),
        "POST /contacts": lambda word: served.request("POST", "/contacts", _person(word)),
    }


def _draft(word: str) -> dict[str, str]:
    template = "Hello {first_name}, see you in {location}!"
    return {"name": f"Draft {word}", "channel": "sms", "base_template": template}


def _person(word: str) -> dict[str, str]:
    round_, _, number = word.partition("-")
    phone = f"+1202{int(round_) + 2}{int(number):06d}"
    return {"phone": phone, "first_name": "Ana", "last_name": "Sol", "location": "New York"}
