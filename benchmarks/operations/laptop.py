"""A whole Clarion with a simulated carrier, whose store counts and whose time passes by itself."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.operations.counting import CountingStore, Operations
from benchmarks.operations.virtual_time import LoopClock
from functions.bootstrap.stack import Stack, build
from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import Entry, EntryBy
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.kinds import ChannelKind
from functions.engine import paths
from functions.engine.campaigns import drafts
from functions.engine.campaigns.drafts import Draft
from functions.engine.campaigns.lifecycle import change
from functions.engine.contacts import lists
from functions.engine.imports import jobs
from functions.engine.imports.row_files import FileFormat
from functions.engine.imports.upload import ImportRequest, Upload
from functions.engine.kernel.engine import Engine
from functions.engine.plans import campaigns
from functions.engine.plans.campaigns import NewPlanCampaign
from functions.engine.scheduling.check import check
from functions.settings.load import load_settings
from functions.stores.indexes import INDEX_FILE, Indexes
from functions.stores.sqlite.store import MEMORY, SqliteStore

ORG: Final = "bench"
#: Firestore takes some milliseconds for everything.
_LATENCY_S: Final = 0.005
_PIECE: Final = 65_536
#: What a campaign by each channel needs besides its words.
_SENDERS: Final = {ChannelKind.EMAIL: "us@example.com", ChannelKind.WEBHOOK: ""}
PHONE: Final = "+12025550100"


class Laptop:
    """One Clarion; what its store is asked is counted."""

    def __init__(self, stack: Stack, store: CountingStore) -> None:
        self.engine: Engine = stack.engine
        self._store = store

    def begin(self) -> None:
        """Forget what was counted."""
        self._store.counted = Operations()

    @property
    def counted(self) -> Operations:
        """What the store was asked since `begin`, or since it was opened."""
        return self._store.counted

    async def import_people(self, size: int) -> str:
        """Import so many people into a list; return its id."""
        upload = Upload(self.engine, ORG)
        content = "".join(_lines(size)).encode()
        for start in range(0, len(content), _PIECE):
            await upload.write(content[start : start + _PIECE])
        people = (await lists.create(self.engine, ORG, f"List of {size}")).value
        job = await upload.finish(
            ImportRequest(name="bench.csv", format=FileFormat.CSV, by="bench", list_id=people.id)
        )
        await jobs.run(self.engine, ORG, job.id)
        return people.id

    async def send(self, channel: ChannelKind, list_id: str, **content: Any) -> Campaign:
        """Create a campaign to a list, and send it."""
        draft = Draft(
            channel=channel,
            name="Spring",
            sender=_SENDERS.get(channel, PHONE),
            audience=Audience(AudienceKind.LIST, list_id),
            **content,
        )
        campaign = await drafts.create(self.engine, ORG, draft, scheduled_at=None, by="bench")
        return await drafts.send(self.engine, ORG, campaign.id, None, by="bench")

    async def walk(self, plan: Mapping[str, Any], list_id: str) -> None:
        """Have the people on a list enter a plan."""
        audience = Audience(AudienceKind.LIST, list_id)
        new = NewPlanCampaign(
            name="Plan", document=plan, entry=Entry(EntryBy.LIST), audience=audience
        )
        campaign = await campaigns.create(self.engine, ORG, new, by="bench")
        await campaigns.start(self.engine, ORG, campaign.id, by="bench")

    async def until_completed(self, campaign: Campaign) -> None:
        """Wait until a campaign is over, and look uncounted."""
        while await self._status(campaign) != CampaignStatus.COMPLETED:  # noqa: ASYNC110 - it takes no time
            await asyncio.sleep(1)

    async def _status(self, campaign: Campaign) -> str:
        stored = await self._store.stored.get(paths.campaign(ORG, campaign.id))
        assert stored is not None
        return str(stored.data["status"])

    async def pause(self, campaign: Campaign) -> None:
        """Pause a campaign."""
        await change(self.engine, ORG, campaign.id, Action.PAUSE, by="bench")

    async def check_for(self, minutes: int) -> None:
        """Let time pass, with a check every minute, as the cloud's scheduler makes them."""
        for _ in range(minutes):
            await check(self.engine)
            await asyncio.sleep(60)


@asynccontextmanager
async def opened(script: str, **settings: Any) -> AsyncIterator[Laptop]:
    """Open a Clarion whose simulated carrier goes by `script`."""
    with tempfile.TemporaryDirectory() as folder:
        store = CountingStore(SqliteStore(MEMORY, Indexes.load(INDEX_FILE)), latency_s=_LATENCY_S)
        chosen = load_settings(
            _env_file=None,
            simulator_script=script,
            simulator_ledger=Path(folder) / "carrier.jsonl",
            lane_lease_s=10,  # as on Firestore, where each renewal is paid for
            **{"calling_windows": "off", **settings},
        )
        stack = build(chosen, clock=LoopClock(), store=store)
        stack.start()
        try:
            yield Laptop(stack, store)
        finally:
            await stack.close()


def _lines(size: int) -> Iterator[str]:
    yield "phone,email\n"
    for number in range(size):
        yield f"+1202{2_000_000 + number},person-{number}@example.com\n"
