"""What journeys ask of the store: entering, and moving on by a timer, a receipt and an event."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from benchmarks.journeys.hearing import mails_of, opened, paid
from benchmarks.journeys.world import (
    PATIENT,
    begin,
    hold_lanes,
    journeys_on,
    set_ahead,
    walk_lane,
    walk_only,
    work,
)
from benchmarks.operations.counting import CountingStore, Operations
from benchmarks.rig import INDEXES, ORG, make_list
from functions.domain.campaigns.campaign import Campaign
from functions.engine.delivery.launch import launch
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document
from functions.stores.sqlite.store import MEMORY, SqliteStore


async def enroll(size: int) -> Operations:
    """Have people on a list enter a plan."""
    async with _counting() as store:
        await make_list(store, "people", size)
        engine = journeys_on(store, kinds=())
        campaign = await begin(engine, PATIENT, list_id="people")
        store.counted = Operations()
        await launch(engine, ORG, campaign.id)
        return store.counted


async def move_by_timer(size: int) -> Operations:
    """Move people on whose time is up, and make a message for each."""
    async with _counting() as store:
        engine, campaign, _ = await _mailed(store, size)
        set_ahead(engine)
        store.counted = Operations()
        await walk_only(engine, campaign)
        return store.counted


async def send_moved(size: int) -> Operations:
    """Send the messages that were made as people moved on."""
    async with _counting() as store:
        engine, campaign, _ = await _mailed(store, size)
        set_ahead(engine)
        await walk_only(engine, campaign)
        store.counted = Operations()
        await work(engine, campaign)
        return store.counted


async def move_by_receipt(size: int) -> Operations:
    """Take receipts, and move people on by them."""
    async with _counting() as store:
        engine, campaign, mails = await _mailed(store, size)
        held = await hold_lanes(engine, campaign)
        store.counted = Operations()
        for mail in mails:
            await opened(engine, mail)
        for lease in held:
            await walk_lane(lease)
        return store.counted


async def unheard_event(size: int) -> Operations:
    """Note events that nobody hears."""
    async with _counting() as store:
        engine, _, mails = await _mailed(store, size)
        store.counted = Operations()
        for mail in mails:
            await paid(engine, mail)
        return store.counted


@asynccontextmanager
async def _counting() -> AsyncIterator[CountingStore]:
    store = CountingStore(SqliteStore(MEMORY, INDEXES))
    try:
        yield store
    finally:
        await store.close()


async def _mailed(store: CountingStore, size: int) -> tuple[Engine, Campaign, Sequence[Document]]:
    """Have so many people walk who have been sent a mail."""
    engine = journeys_on(store)
    return engine, *await mails_of(engine, size)
