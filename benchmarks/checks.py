"""Figure 3: what a check costs with few and with many campaigns stored."""

import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from benchmarks.report import Row
from benchmarks.rig import INDEXES, ORG, engine_on
from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign, campaign_fields
from functions.domain.campaigns.send import Content, Send
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.engine import paths
from functions.engine.ports.store import Create, Store
from functions.engine.scheduling.check import check
from functions.stores.sqlite.store import SqliteStore

_FEW, _MANY = 1_000, 100_000
_DUE = 10
_ROUNDS = 25


async def measure() -> list[Row]:
    """Measure the check with ten campaigns due, over 1,000 and over 100,000 stored ones."""
    few, many = await _latency(_FEW), await _latency(_MANY)
    name = f"check with {_DUE} due, {_MANY:,} campaigns stored"
    against = f"{few * 1000:.1f} ms with {_FEW:,}"
    return [Row(name, f"{many * 1000:.1f} ms", against, many / few, "<= 1.5")]


async def _latency(stored: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "bench.db", INDEXES)
        engine = engine_on(store, kinds=(), max_campaigns=_DUE)
        await _store_campaigns(store, stored, status="completed", at=_long_ago())
        samples = []
        for _ in range(_ROUNDS):
            await _store_campaigns(store, _DUE, status="scheduled", at=_long_ago())
            start = time.perf_counter()
            result = await check(engine)
            samples.append(time.perf_counter() - start)
            assert len(result.started) == _DUE
        await store.close()
    return statistics.median(samples)


def _long_ago() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


async def _store_campaigns(store: Store, count: int, *, status: str, at: datetime) -> None:
    for start in range(0, count, 500):
        part = range(start, min(count, start + 500))
        await store.commit(*(_campaign(number, status, at) for number in part))


def _campaign(number: int, status: str, at: datetime) -> Create:
    content = Content(bot_url="wss://bot.example")
    campaign = Campaign(
        id=uuid4().hex,
        org=ORG,
        name=f"Campaign {number}",
        kind=CampaignKind.BROADCAST,
        status=CampaignStatus(status),
        epoch=1,
        own_send=Send("", ChannelKind.VOICE, "noop", "+12025550100", content),
        audience=Audience(AudienceKind.LIST, "nobody"),
        lanes=1,
        created_at=at,
        created_by="bench",
        scheduled_at=at + timedelta(seconds=number),
    )
    return Create(paths.campaign(ORG, campaign.id), campaign_fields(campaign))
