"""Figure 7: the list of campaigns and a campaign's statistics, with few and with many messages."""

import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from typing import Any, TypeAlias

from benchmarks.report import Row
from benchmarks.rig import INDEXES, ORG, create, engine_on, member
from benchmarks.salted import contact_id, message_id
from functions.bootstrap.stack import Stack, build
from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.message import Changes, Message, MessageStatus
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.kernel.engine import Engine
from functions.engine.messages import statistics
from functions.engine.messages.counting import Increments
from functions.engine.ports.store import Create, Write
from functions.engine.reporting import overview
from functions.engine.reporting.overview import Search
from functions.settings.load import load_settings
from functions.stores.sqlite.store import SqliteStore

_FEW, _MANY = 1_000, 1_000_000
_CAMPAIGNS = 20
_COMMIT = 5_000
_REQUESTS = 500
_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)

Ask: TypeAlias = Callable[[Stack, str], Awaitable[object]]
"""Asks something, perhaps about the campaign with an id."""


async def measure() -> list[Row]:
    """Ask both stores in turns, of which one holds a thousand times as many messages."""
    async with _stack(_FEW) as few, _stack(_MANY) as many:
        return [await _compare(name, ask, few, many) for name, ask in _ASKED.items()]


async def _compare(name: str, ask: Ask, few: tuple[Stack, str], many: tuple[Stack, str]) -> Row:
    samples = [(await _timed(ask, *few), await _timed(ask, *many)) for _ in range(_REQUESTS)]
    small, large = (median(side) * 1000 for side in zip(*samples, strict=True))
    against = f"{small:.2f} ms with {_FEW:,}"
    return Row(f"{name}, {_MANY:,} messages", f"{large:.2f} ms", against, large / small, "<= 2")


async def _timed(ask: Ask, stack: Stack, campaign_id: str) -> float:
    start = time.perf_counter()
    await ask(stack, campaign_id)
    return time.perf_counter() - start


# --- What is asked ---------------------------------------------------------------------------


async def _list(stack: Stack, _: str) -> None:
    found = await stack.engine.store.query(replace(Search().query(ORG), limit=20))
    assert len(await overview.counted(stack.engine, found)) == _CAMPAIGNS


async def _statistics(stack: Stack, campaign_id: str) -> None:
    campaign = await lifecycle.load(stack.engine, ORG, campaign_id)
    await statistics.read_one(stack.engine, campaign)


async def _get_campaigns(stack: Stack, _: str) -> None:
    await _get(stack, "/campaigns")


async def _get_campaign(stack: Stack, campaign_id: str) -> None:
    await _get(stack, f"/campaigns/{campaign_id}")


_ASKED: dict[str, Ask] = {
    "a page of 20 campaigns": _list,
    "GET /campaigns": _get_campaigns,
    "a campaign's statistics": _statistics,
    "GET /campaigns/{id}": _get_campaign,
}


async def _get(stack: Stack, path: str) -> None:
    """Send a request to the application, without a network in between."""
    headers = [(b"host", b"127.0.0.1"), (b"x-org-id", ORG.encode())]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        assert message.get("status", 200) == 200, message

    await stack.app(scope, receive, send)


# --- What is stored --------------------------------------------------------------------------


@asynccontextmanager
async def _stack(messages: int) -> AsyncIterator[tuple[Stack, str]]:
    """Give a whole Clarion over so many messages, and the campaign that has most of them."""
    with tempfile.TemporaryDirectory() as folder:
        largest = await _store_campaigns(f"{folder}/bench.db", messages)
        settings = load_settings(
            _env_file=None,
            store_url=f"sqlite:///{folder}/bench.db",
            simulator_ledger=f"{folder}/carrier.jsonl",
            api_rate_per_s=0,
        )
        stack = build(settings)
        yield stack, largest
        await stack.close()


async def _store_campaigns(path: str, messages: int) -> str:
    """Store campaigns that have been sent; nine tenths of the messages belong to the last one."""
    store = SqliteStore(path, INDEXES)
    engine = engine_on(store, kinds=())
    share = messages // 200
    sizes = [*[share] * (_CAMPAIGNS - 1), messages - share * (_CAMPAIGNS - 1)]
    for number, size in enumerate(sizes):
        largest = await _store_campaign(engine, f"list-{number}", size)
    await store.close()
    return largest


async def _store_campaign(engine: Engine, name: str, size: int) -> str:
    await engine.store.commit(
        Create(paths.list_(ORG, name), {"name": name, "size": size, "pages": 0})
    )
    campaign_id = await create(engine, name)
    campaign = await lifecycle.load(engine, ORG, campaign_id)
    people = sorted(range(size), key=_place)
    for start in range(0, size, _COMMIT):
        part = [_message(campaign, number) for number in people[start : start + _COMMIT]]
        await engine.store.commit(*map(_stored(campaign), part), *_counted(campaign, part))
    return campaign_id


def _place(number: int) -> str:
    """Return what an audience is read in the order of."""
    return contact_id(str(member(number)["address"]))


def _message(campaign: Campaign, number: int) -> Message:
    """Return a message as the launch makes it."""
    person: Any = member(number)
    address = person["address"]
    return Message(
        id=message_id(campaign.id, address),
        address=address,
        status=MessageStatus.PENDING,
        contact=paths.contact(ORG, contact_id(address)),
        region=person["region"],
        zones=person["zones"],
        due_at=_AT,
        created_at=_AT,
    )


_SENT: Changes = {"status": MessageStatus.SENT, "sent_at": _AT, "attempt": 1}
_COMPLETED: Changes = {"status": MessageStatus.COMPLETED, "ended_at": _AT, "duration_s": 30}


def _stored(campaign: Campaign) -> Callable[[Message], Create]:
    """Return what writes a message as it is in the end."""
    collection = paths.messages(ORG, campaign.id)

    def write(message: Message) -> Create:
        fields = {**message._asdict(), **_SENT, **_COMPLETED}
        return Create(f"{collection}/{fields.pop('id')}", fields)

    return write


def _counted(campaign: Campaign, messages: list[Message]) -> Iterator[Write]:
    """Count messages as the launch, the dispatch and the receipts count them."""
    increments = Increments(campaign, now=_AT)
    increments.create({message.id: message._asdict() for message in messages})
    increments.change([(message, _SENT) for message in messages])
    sent = [message._replace(status=MessageStatus.SENT, sent_at=_AT) for message in messages]
    increments.change([(message, _COMPLETED) for message in sent])
    yield from increments.writes()
