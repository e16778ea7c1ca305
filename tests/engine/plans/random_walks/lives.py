"""What happens to people who walk through a plan, by chance: in any order, and at any time."""

from datetime import timedelta
from random import Random
from typing import Any, Final

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import AFTER_EXIT, NEVER, PARALLEL, Entry, EntryBy
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.errors import DomainError
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef, Retry
from functions.domain.messages.ids import enrollment_id
from functions.domain.plans.enrollment import Enrollment, EnrollmentStatus, enrollment_from
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.contacts import suppressions
from functions.engine.kernel.people import id_of
from functions.engine.plans import steering
from functions.engine.plans.enroll import Entrant, enroll
from functions.engine.plans.events.event import NewEvent
from functions.engine.plans.events.telling import tell
from tests.engine.plans.journeys import HOUR, STOP, JourneyWorld, on, plan, send, wait
from tests.engine.world import ORG

PEOPLE: Final = tuple(f"p{number}@example.com" for number in range(4))
NODES: Final = ("a", "b", "c", "d")
EVENTS: Final = ("opened", "clicked", "delivered", "failed", "paid", "called")
KINDS: Final = (EventKind.READ, EventKind.CLICKED, EventKind.DELIVERED, EventKind.REPLIED)
LENGTHS: Final = {
    "PT0S": timedelta(),
    "PT30S": timedelta(seconds=30),
    "PT10M": timedelta(minutes=10),
    "PT6H": 6 * HOUR,
    "PT24H": 24 * HOUR,
}
#: Upon this people enter who are let in by events.
JOINED: Final = "joined"
#: How long after their end people may enter again, where the rule is a time.
AGAIN_AFTER: Final = 24 * HOUR
REENTRIES: Final = (NEVER, AFTER_EXIT, "PT24H", PARALLEL)


def random_plan(random: Random) -> dict[str, Any]:
    """Return a plan whose timers lead forward, and whose events lead anywhere."""
    nodes = []
    for number, id_ in enumerate(NODES):
        ahead = [*NODES[number + 1 :], "stop"]
        events = random.sample(EVENTS, random.randint(0, 3))
        ways = [on(event, random.choice(ahead)) for event in events]
        ways.append(on("elapsed", random.choice(ahead), after=random.choice(list(LENGTHS))))
        delay = {"schedule": {"delay": random.choice(list(LENGTHS))}}
        nodes.append(wait(id_, *ways) if random.random() < 0.3 else send(id_, *ways, **delay))
    if not any(node["action"] == "send" for node in nodes):
        nodes[0] = send("a", on("elapsed", "b", after="PT10M"))
    return plan(*nodes, STOP, exits=[{"on": "replied", "as": "answered"}])


def random_entry(random: Random, reentry: str) -> Entry:
    """Return an entry by this rule, by whatever people may enter by more than once."""
    by_event = random.random() < 0.3
    return Entry(EntryBy.EVENT, JOINED, reentry) if by_event else Entry(EntryBy.API, "", reentry)


class Life:
    """What happens to some people, by chance."""

    def __init__(self, world: JourneyWorld, campaign: Campaign, random: Random) -> None:
        self._world, self._campaign, self._random = world, campaign, random
        self._told = 0
        self._barred: set[str] = set()

    async def happen(self) -> None:
        """Let something happen, and some time pass."""
        acts = (self._enter, self._hear, self._hear, self._tell, self._steer, self._steer)
        rare = (self._hold, self._opt_out)
        act = self._random.choice(rare if self._random.random() < 0.15 else acts)
        await act()
        if self._random.random() < 0.7:
            await self._world.settle()
        if self._random.random() < 0.5:
            lengths = (timedelta(seconds=20), timedelta(minutes=11), 7 * HOUR)
            await self._world.skip(self._random.choice(lengths))

    # --- People enter -------------------------------------------------------------------------

    async def _enter(self) -> None:
        """Have somebody enter, for the first time or again, perhaps twice at once, perhaps later.

        The campaign's rule alone says whether they do.
        """
        random, engine = self._random, self._world.engine
        who, key = random.choice(PEOPLE), random.choice(("", "order-1", "order-2"))
        expected = self._result_of_entry(await self._before(who, key))
        entrants = [Entrant(address=who, key=key)] * random.randint(1, 2)
        begins = engine.clock.now() + random.choice((timedelta(), timedelta(), 6 * HOUR))
        results = await enroll(engine, ORG, self._campaign.id, entrants, at=begins)
        if who in self._barred:
            expected = "refused"
        second = "already" if expected == "enrolled" else expected
        assert [str(each.result) for each in results] == [expected, second][: len(results)]

    async def _before(self, who: str, key: str) -> Enrollment | None:
        """Return the walk of somebody that an entry would begin again."""
        key = key if self._reentry == PARALLEL else ""
        id_ = enrollment_id(await id_of(self._world.engine, ORG, who), key)
        stored = await self._world.store.get(paths.enrollment(ORG, self._campaign.id, id_))
        return None if stored is None else enrollment_from(stored.data)

    def _result_of_entry(self, before: Enrollment | None) -> str:
        if before is None:
            return "enrolled"
        if before.status in {EnrollmentStatus.ACTIVE, EnrollmentStatus.PAUSED}:
            return "already"
        assert before.ended_at is not None
        waited = self._world.clock.now() - before.ended_at
        may = self._reentry == AFTER_EXIT or (self._reentry == "PT24H" and waited >= AGAIN_AFTER)
        return "enrolled" if may else "already_was"

    @property
    def _reentry(self) -> str:
        assert self._campaign.entry is not None
        return self._campaign.entry.reentry

    # --- Something is told of them ------------------------------------------------------------

    async def _hear(self) -> None:
        """Have a receipt come, perhaps late, perhaps twice."""
        messages = await self._world.messages(self._campaign)
        sent = [each for each in messages if each.attempt]
        sent.sort(key=lambda each: (each.enrollment, each.created_at, each.body))  # not by chance
        if not sent:
            return
        message, kind = self._random.choice(sent), self._random.choice(KINDS)
        at = self._world.clock.now() - self._random.choice((timedelta(), timedelta(minutes=5)))
        ref = MessageRef(ORG, self._campaign.id, message.id)
        event = DeliveryEvent(f"{kind}-{message.attempt}", ref, message.attempt, kind, at)
        if self._random.random() < 0.2:
            event = DeliveryEvent(
                "lost",
                ref,
                message.attempt,
                EventKind.FAILED,
                at,
                reason="undelivered",
                retry=Retry.NEVER,
            )
        for _ in range(self._random.randint(1, 2)):
            await self._world.receive(event)

    async def _tell(self) -> None:
        """Tell of a custom event, perhaps twice; people may enter upon one of them."""
        self._told += 1
        name, who = self._random.choice(("paid", "called", JOINED)), self._random.choice(PEOPLE)
        key = self._random.choice(("", "", "order-1", "order-2"))
        event = NewEvent(name=name, id=f"e{self._told}", address=who, key=key)
        for _ in range(self._random.randint(1, 2)):
            await tell(self._world.engine, ORG, [event])

    async def _opt_out(self) -> None:
        self._barred.add(PEOPLE[-1])
        await suppressions.suppress(
            self._world.engine, ORG, PEOPLE[-1], reason="asked", by="ann", scope="email"
        )

    # --- People steer them --------------------------------------------------------------------

    async def _steer(self) -> None:
        """Pause, resume, move or take out somebody; what may not be is refused."""
        walks = await self._world.documents(paths.enrollments(ORG, self._campaign.id))
        if not walks:
            return
        id_ = self._random.choice([each.id for each in walks])
        engine, place = self._world.engine, (ORG, self._campaign.id, id_)
        try:
            match self._random.randint(0, 6):
                case 0 | 1:
                    await steering.pause(engine, *place, by="ann")
                case 2 | 3 | 4:
                    await steering.resume(engine, *place, by="ann")
                case 5:
                    await steering.move(engine, *place, self._random.choice(NODES), by="ann")
                case _:
                    await steering.exit_(engine, *place, by="ann")
        except DomainError:
            return

    async def _hold(self) -> None:
        """Pause the whole campaign, or let it go on."""
        status = (await self._world.load(self._campaign)).status
        action = Action.RESUME if status is CampaignStatus.PAUSED else Action.PAUSE
        await lifecycle.change(self._world.engine, ORG, self._campaign.id, action, by="ann")
