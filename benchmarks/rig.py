"""What the benchmarks share: an engine over a store, a carrier that does nothing, an audience."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from benchmarks.salted import SALT, contact_id
from functions.bootstrap.clock import SystemClock
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import DeliveryEvent, MessageRef
from functions.domain.messages.send_outcomes import Accepted, SendOutcome
from functions.domain.notifications.notification import NoResponse, PostResult
from functions.engine import paths, worker
from functions.engine.campaigns.creation import NewVoiceCampaign, create_for_list
from functions.engine.contacts import member_pages
from functions.engine.kernel.engine import Engine, Limits
from functions.engine.ports.channel import NOTHING_TOLD, Answer, Outbound, Traits, WebhookRequest
from functions.engine.ports.queue import Task
from functions.engine.ports.store import Create, Set, Store
from functions.stores.indexes import Indexes

INDEXES = Indexes.load(Path(__file__).parent.parent / "infra" / "firestore.indexes.json")
ORG = "bench"


class NoOpCarrier:
    """Accepts everything at once and reports nothing."""

    traits = Traits()

    async def send(self, outbound: Outbound) -> SendOutcome:
        return Accepted(outbound.ref.message)

    def parse_webhook(self, request: WebhookRequest) -> list[DeliveryEvent]:
        raise ValueError(f"the no-op carrier sends no {request.method}")

    async def look_up(self, sent: Outbound, provider_id: str) -> DeliveryEvent | None:
        raise ValueError(f"nothing to look up: {sent.ref} {provider_id}")

    async def recall(self, sent: Outbound, provider_id: str) -> bool:
        raise ValueError(f"nothing to recall: {sent.ref} {provider_id}")

    def greet(self, request: WebhookRequest) -> Answer:
        raise ValueError(f"the no-op carrier sends no {request.method}")

    def answer(
        self,
        ref: MessageRef,
        attempt: int,
        bot_url: str,
        about: Mapping[str, str] = NOTHING_TOLD,
    ) -> Answer:
        raise ValueError(f"nobody answers: {ref} {attempt} {bot_url} {about}")

    async def close(self) -> None:
        return


class Sleepers:
    """Bots that need no waking."""

    async def is_ready(self, bot_url: str) -> bool:
        return bool(bot_url)


class Nobody:
    """A receiver that is never told anything: nobody subscribes here."""

    async def why_refused(self, url: str) -> str:
        return url

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> PostResult:
        return NoResponse(f"{url} is nobody's: {headers}, {body!r}")

    async def close(self) -> None:
        return


class DirectQueue:
    """Runs each task at once, beside the others, as a queue with room to spare would."""

    def __init__(self, *, kinds: Sequence[str] = ("launch", "dispatch")) -> None:
        self.engine: Engine | None = None
        self._kinds = kinds
        self._running: set[asyncio.Task[None]] = set()

    async def enqueue(
        self, task: Task, *, at: datetime | None = None, key: str | None = None
    ) -> bool:
        del key
        lane = task.body.get("lane", "")
        kind = "dispatch" if lane.isdigit() else lane
        if self.engine is None or kind not in self._kinds:
            return True
        if at is None or at <= self.engine.clock.now():
            running = asyncio.create_task(worker.run(self.engine, task))
            self._running.add(running)
            running.add_done_callback(self._running.discard)
        return True

    async def is_well(self) -> bool:
        return True

    async def idle(self) -> None:
        """Wait until no task runs."""
        while self._running:
            await asyncio.gather(*self._running)

    async def close(self) -> None:
        await self.idle()


def engine_on(
    store: Store,
    *,
    kinds: Sequence[str] = ("launch", "dispatch"),
    max_campaigns: int = 5,
) -> Engine:
    """Return an engine with a no-op carrier, no rate limit and no calling windows."""
    queue = DirectQueue(kinds=kinds)
    engine = Engine(
        store=store,
        queue=queue,
        channels={"noop": NoOpCarrier()},
        bots=Sleepers(),
        notifier=Nobody(),
        clock=SystemClock(),
        limits=Limits(windows=False, max_campaigns=max_campaigns),
        providers=dict.fromkeys(ChannelKind, "noop"),
    )
    queue.engine = engine
    return engine


def member(number: int) -> dict[str, object]:
    """Return a list member as an import makes it."""
    return {
        "address": f"+1202{number:07d}",
        "region": "US",
        "zones": ["America/New_York"],
        "attributes": {"first_name": f"Person {number}", "city": "Washington"},
    }


async def make_list(store: Store, name: str, size: int) -> None:
    """Store a list of `size` people, and the salt of the organisation that their ids are made with.

    By another salt its messages would not lie in the order of the list.
    """
    await store.commit(Set(paths.salt(ORG), {"salt": SALT.hex()}))
    home = paths.list_(ORG, name)
    for page, start in enumerate(range(0, size, member_pages.MOST)):
        people = map(member, range(start, min(size, start + member_pages.MOST)))
        rows = [{"id": contact_id(str(person["address"])), **person} for person in people]
        await store.commit(*member_pages.place(home, page, None, rows).writes)
    pages = -(-size // member_pages.MOST)
    await store.commit(Create(home, {"name": name, "size": size, "pages": pages}))


async def create(engine: Engine, name: str) -> str:
    """Create a campaign for the list of the same name; return its id."""
    new = NewVoiceCampaign(
        name=name, sender="+12025550100", bot_url="wss://bot.example", provider="noop", by="bench"
    )
    return (await create_for_list(engine, ORG, new, name)).id
