"""A whole engine in one process, with a carrier, and a time that passes only when the test says."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

import orjson

from functions.domain.campaigns.campaign import (
    Campaign,
    Fallback,
    campaign_fields,
    campaign_from,
    with_changes,
)
from functions.domain.campaigns.send import Content, Send
from functions.domain.errors import NotFoundError
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.domain.messages.attempts import DeliveryPolicy
from functions.domain.messages.delivery_events import DeliveryEvent
from functions.domain.messages.ids import fallback_key, lane_number
from functions.domain.messages.message import Message, MessageStatus, message_from
from functions.engine import paths, worker
from functions.engine.campaigns import creation, lifecycle
from functions.engine.campaigns.creation import NewVoiceCampaign
from functions.engine.contacts import suppressions
from functions.engine.delivery import launch
from functions.engine.kernel.claims import Claim, claims_fields
from functions.engine.kernel.engine import Engine, Limits
from functions.engine.messages import moved_days, statistics
from functions.engine.messages.statistics import Statistics
from functions.engine.messages.tallies import MARGIN, TIERS
from functions.engine.plans import counts as walk_counts
from functions.engine.ports.queue import Task
from functions.engine.ports.store import Document, Query, Update
from functions.engine.receipts import receive
from functions.engine.scheduling import check, delivery_days
from functions.queues.local import LocalQueue
from functions.stores.indexes import INDEX_FILE, Indexes
from functions.stores.sqlite.store import MEMORY, SqliteStore
from tests.clock import MovedClock
from tests.engine import check_times
from tests.engine.counted_walks import counted
from tests.engine.crashes import Crash
from tests.engine.interleaving import Happening, InterleavingStore
from tests.engine.living_clock import LivingClock
from tests.engine.recording_channel import PROVIDER, RecordingChannel
from tests.engine.recording_notifier import RecordingNotifier
from tests.engine.recounted import check_claims, check_tallies, day_names, days_told, days_within
from tests.engine.stand_ins import Forgetful, ReadyBots
from tests.engine.stored_lists import put_list, put_on

T = TypeVar("T")

INDEXES = Indexes.load(INDEX_FILE)
ORG = "acme"
SENDER = "+12025550100"
NEW_YORK = ["America/New_York"]
MINUTE = timedelta(minutes=1)

LIMITS = Limits(windows=False, rate_per_s=100, live_calls_per_org=1000, live_calls_total=1000)


def with_limits(**limits: Any) -> Limits:
    """Return the usual limits, some of them changed."""
    return replace(LIMITS, **limits)


async def after_turns(turns: int, work: Awaitable[T]) -> T:
    """Let everybody else have some turns of the event loop, then do the work."""
    for _ in range(turns):
        await asyncio.sleep(0)
    return await work


def fallback(
    channel: ChannelKind,
    after: Sequence[str],
    wait_s: int = 0,
    *,
    number: int = 1,
    provider: str = "",
    sender: str = "",
    **said: Any,
) -> Fallback:
    """Return the so many-th fallback of a campaign."""
    send = Send(fallback_key(number), channel, provider, sender, Content(**said))
    return Fallback(send, after, wait_s)


def number(n: int) -> str:
    """Return the n-th person's number."""
    return f"+1202555{n:04d}"


@dataclass
class World:
    """The engine, its ports, and the time. Use as an async context manager."""

    limits: Limits = LIMITS
    policy: DeliveryPolicy = field(default_factory=DeliveryPolicy)
    task_copies: int = 1  #: how often the queue delivers each task, at once
    lose_tasks: bool = False  #: the queue forgets whatever it is given

    def __post_init__(self) -> None:
        """Put a new engine over an empty store."""
        self.clock = self.new_clock()
        self.store = SqliteStore(MEMORY, INDEXES)
        self.bots = ReadyBots()
        self.receiver = RecordingNotifier()
        self.carrier = RecordingChannel(self.clock, self._receive)
        self.clock.on_sleep = self.carrier.deliver_due
        self.task_errors: list[Exception] = []
        self.checked_at = self.clock.now()
        self.queue = self.new_queue()
        self.engine = self.new_engine()

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, failure: object, *_: object) -> None:
        """End. Whatever has happened, every campaign's statistics must be right."""
        if failure is None:
            await self.check_statistics()
            await self.fold_statistics()
            await self.check_statistics()
        await self.queue.close()
        await self.store.close()

    def new_clock(self) -> LivingClock:
        """Return the clock that everybody goes by."""
        return LivingClock()

    def new_queue(self) -> LocalQueue:
        """Return a queue that delivers to the engine of the moment."""
        seconds = timedelta(seconds=1)
        return LocalQueue(
            self._run_task, self.clock, max_attempts=10, min_backoff=seconds, max_backoff=seconds
        )

    def new_engine(self) -> Engine:
        """Return an engine over the same store, queue and carrier."""
        return Engine(
            store=self.store,
            queue=Forgetful() if self.lose_tasks else self.queue,
            channels={PROVIDER: self.carrier},
            providers=dict.fromkeys(ChannelKind, PROVIDER),
            bots=self.bots,
            notifier=self.receiver,
            clock=self.clock,
            limits=self.limits,
            policy=self.policy,
            instance="test",
        )

    async def _run_task(self, _headers: dict[str, str], body: bytes) -> int:
        task = Task(**orjson.loads(body))
        copies = [worker.run(self.engine, task) for _ in range(self.task_copies)]
        try:
            await asyncio.gather(*copies)
        except Exception as error:
            self.task_errors.append(error)
            raise
        return 200

    async def _receive(self, event: DeliveryEvent) -> bool:
        try:
            await receive.receive(self.engine, event)
        except (NotFoundError, Crash):
            return False
        return True

    # --- What a test arranges -----------------------------------------------------------------

    async def add_list(
        self, people: int | Iterable[str], *, id_: str = "people", zones: Sequence[str] = NEW_YORK
    ) -> str:
        """Store a list of people by their addresses, which may repeat; return its id."""
        addresses = list(map(number, range(people)) if isinstance(people, int) else people)
        rows = (
            {"id": f"m{at:05d}", "address": address, "region": "US", "zones": list(zones)}
            for at, address in enumerate(addresses)
        )
        await put_list(self.store, ORG, id_, rows, now=self.clock.now())
        return id_

    async def add_member(self, list_id: str, address: str, *, zones: Sequence[str]) -> None:
        """Add a person to a stored list."""
        row = {"id": address, "address": address, "region": "US", "zones": list(zones)}
        await put_on(self.store, paths.list_(ORG, list_id), [row])

    async def suppress(self, address: str) -> None:
        """Say that an address must not be contacted."""
        await suppressions.suppress(self.engine, ORG, address, reason="asked_not_to", by="ann")

    async def create(
        self, list_id: str = "people", *, name: str = "Spring", **wish: Any
    ) -> Campaign:
        """Create a campaign to a list, started at once unless `scheduled_at` is given."""
        return await creation.create_for_list(
            self.engine, ORG, replace(VOICE, name=name, **wish), list_id
        )

    async def rewrite(self, campaign: Campaign, **changes: Any) -> None:
        """Store a campaign with other fields, of its own, of its send or of its content."""
        after = with_changes(await self.load(campaign), changes)
        path = paths.campaign(campaign.org, campaign.id)
        await self.store.commit(Update(path, campaign_fields(after)))

    async def launch_only(self, campaign: Campaign) -> None:
        """Create a campaign's messages and send none of them yet."""
        await launch.launch(self.engine, ORG, campaign.id)

    async def leave_sending(self, campaign: Campaign) -> None:
        """Leave a campaign's messages as a process leaves them that dies before it calls."""
        until = self.clock.now() + self.policy.send_lease
        claims: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for message in await self.messages(campaign):
            number = lane_number(message.id, campaign.lanes)
            claims[paths.lane(ORG, campaign.id, str(number))][message.id] = message.attempt + 1
        for lane, attempts in claims.items():
            named = claims_fields({"0": Claim(until, attempts)})
            held = {"fence": 1, "claims": named, "claimed": len(attempts)}
            await self.store.commit(Update(lane, held))

    async def receive(self, event: DeliveryEvent) -> None:
        """Deliver a receipt."""
        await receive.receive(self.engine, event)

    def interleave(self, operation: str, path: str, happening: Happening) -> None:
        """Have something happen once, just before an operation on a path that contains `path`."""

        def is_it(done: str, paths_: Sequence[str]) -> bool:
            return done == operation and any(path in each for each in paths_)

        store = InterleavingStore(self.store, is_it, happening)
        self.engine = replace(self.engine, store=store)

    # --- Time ---------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Do all that is due now: tasks, receipts, and what follows from them."""
        while await self.queue.run_due() + await self.deliver_receipts():
            pass

    async def deliver_receipts(self) -> int:
        """Deliver the carrier's receipts that are due now; count them."""
        return await self.carrier.deliver_due()

    async def pass_time(self, length: timedelta, *, checks: bool = True) -> None:
        """Let time pass from one thing that comes due to the next, with the checks between."""
        end = self.clock.now() + length
        await self.settle()
        while self.clock.now() < end:
            await self._tick(end, checks=checks)

    async def _tick(self, end: datetime, *, checks: bool = True) -> None:
        """Go to the next thing that comes due, and do it."""
        due_at = self.next_at(end)
        now = self.clock.now()
        check_at = None
        if checks:
            check_at = await check_times.following(self.store, self.checked_at, due_at, now=now)
        self.clock.advance(min(due_at, check_at or due_at) - now)
        if self.clock.now() == check_at:
            self.checked_at = check_at
            await check.check(self.engine)
        await self.settle()

    def next_at(self, end: datetime) -> datetime:
        """Return when something comes due by itself, `end` at the latest."""
        waiting = self.queue._jobs
        moments = [
            end,
            *([waiting[0].due_at] if waiting else []),
            *([self.carrier.next_at] if self.carrier.next_at else []),
        ]
        return min(moment for moment in moments if moment > self.clock.now())

    async def run_until(self, is_so: Callable[[], bool]) -> None:
        """Stop the queue at work, in the midst of what it does, once something is so."""
        working = asyncio.create_task(self.queue.run_due())
        while not is_so():  # noqa: ASYNC110 - it waits for turns, not for time
            await asyncio.sleep(0)
        await self.queue.close()
        await working
        self.queue._closed = False  # the next process begins with an empty one

    async def finish(self, campaign: Campaign, *, within: timedelta = timedelta(hours=2)) -> None:
        """Let time pass until a campaign has ended."""
        deadline = self.clock.now() + within
        await self.settle()
        while not (await self.load(campaign)).has_ended:
            assert self.clock.now() < deadline, "the campaign does not come to its end"
            await self._tick(deadline)

    # --- What a test looks at -----------------------------------------------------------------

    async def load(self, campaign: Campaign) -> Campaign:
        """Return a campaign as it stands."""
        return await lifecycle.load(self.engine, campaign.org, campaign.id)

    async def documents(self, collection: str) -> list[Document]:
        """Return all documents of a collection."""
        return await self.store.query(Query(collection, limit=100_000))

    async def messages(self, campaign: Campaign) -> list[Message]:
        """Return a campaign's messages."""
        found = await self.documents(paths.messages(campaign.org, campaign.id))
        return [message_from(document.id, document.data) for document in found]

    async def message_to(self, campaign: Campaign, address: str) -> Message:
        """Return a campaign's message to an address."""
        found = [m for m in await self.messages(campaign) if m.address == address]
        assert len(found) == 1, f"{len(found)} messages to {address}"
        return found[0]

    async def statuses(self, campaign: Campaign) -> Counter[str]:
        """Count a campaign's messages by status."""
        return Counter(str(message.status) for message in await self.messages(campaign))

    async def reactions(self, campaign: Campaign) -> dict[str, int]:
        """Count a campaign's messages with each reaction."""
        messages = await self.messages(campaign)
        return {
            name: sum(getattr(message, f"{name}_at") is not None for message in messages)
            for name in statistics.REACTIONS
        }

    async def fold_statistics(self) -> None:
        """Fold what may be folded soon after the end of campaigns, whatever a test's clock says."""
        later = MovedClock(self.clock.now() + TIERS[0] + MARGIN)
        await delivery_days.move(replace(self.engine, store=self.store, clock=later))

    async def check_statistics(self) -> None:
        """Compare every campaign's statistics with its messages."""
        engine = replace(self.engine, store=self.store)
        seen = await moved_days.moved(engine)
        tallied, moved = Counter[str](), await days_told(self.store, ORG)
        for document in await self.documents(paths.campaigns(ORG)):
            if document.data["kind"] not in list(CampaignKind):
                continue  # broken by a test
            campaign = campaign_from(ORG, document.id, document.data)
            counts = await statistics.read_one(engine, campaign)
            counted = {str(status): n for status, n in counts.by_status.items() if n}
            assert counted == await self.statuses(campaign)
            assert counts.reactions == await self.reactions(campaign)
            messages = await self.messages(campaign)
            lanes = await self.documents(paths.lanes(ORG, campaign.id))
            check_claims([lane.data for lane in lanes], messages, counts)
            tallied.update(day_names(campaign, messages))
            check_tallies(campaign, messages, counts.amounts)
            moved.update(days_within(campaign, counts.amounts, seen))
            assert counts.people == sum(not message.followed for message in messages)
            assert counts.exhausted == sum(message.exhausted for message in messages)
            if campaign.plan:
                await self._check_walks(campaign, counts)
            if campaign.canary:
                pending = (m for m in messages if m.status == MessageStatus.PENDING)
                assert counts.retrying == sum(message.attempt > 0 for message in pending)
        assert +moved == +tallied

    async def _check_walks(self, campaign: Campaign, counts: Statistics) -> None:
        """Compare the counts of walks with the enrollments, and every move that they have made."""
        expected = await counted(replace(self.engine, store=self.store), campaign)
        assert walk_counts.read(counts) == expected

    async def slots(self) -> dict[str, int]:
        """Count the live-call slots that are held, of the org and of all together."""
        everybody = await self.store.get(paths.ALL_LIVE_CALLS)
        rooms = everybody.data["rooms"] if everybody else {}
        assert sum(each["room"] for each in rooms.values()) <= self.limits.live_calls_total
        held = {org: await self._slots_of(org) for org in {ORG, *rooms}}
        return {"org": held[ORG], "all": sum(held.values())}

    async def _slots_of(self, org: str) -> int:
        stored = await self.store.get(paths.live_calls(org))
        now = self.clock.now()
        return sum(until > now for until in stored.data["held"].values()) if stored else 0


VOICE = NewVoiceCampaign(
    name="Spring",
    sender=SENDER,
    bot_url="wss://bot.example.com/talk",
    provider=PROVIDER,
    by="ann",
)
