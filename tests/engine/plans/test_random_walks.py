"""Whatever happens to people in whatever order, they walk each step once and come to an end."""

from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any, Final

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.errors import DomainError
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef, Retry
from functions.domain.messages.message import MessageStatus
from functions.domain.plans.enrollment import EnrollmentStatus
from functions.engine.campaigns import lifecycle
from functions.engine.contacts import suppressions
from functions.engine.plans import campaigns, steering
from functions.engine.plans.enrollments import find
from functions.engine.plans.events.event import NewEvent
from functions.engine.plans.events.telling import tell
from functions.engine.scheduling import check as every_minute
from tests.engine.plans.journeys import HOUR, STOP, JourneyWorld, on, plan, send, wait
from tests.engine.world import ORG

PEOPLE: Final = tuple(f"p{number}@example.com" for number in range(4))
NODES: Final = ("a", "b", "c", "d")
EVENTS: Final = ("opened", "clicked", "delivered", "failed", "paid", "called")
KINDS: Final = (EventKind.READ, EventKind.CLICKED, EventKind.DELIVERED, EventKind.REPLIED)
LENGTHS: Final = ("PT0S", "PT30S", "PT10M", "PT6H", "P1D")


def random_plan(random: Random) -> dict[str, Any]:
    """Return a plan whose timers lead forward, and whose events lead anywhere."""
    nodes = []
    for number, id_ in enumerate(NODES):
        ahead = [*NODES[number + 1 :], "stop"]
        events = random.sample(EVENTS, random.randint(0, 3))
        ways = [on(event, random.choice(ahead)) for event in events]
        ways.append(on("elapsed", random.choice(ahead), after=random.choice(LENGTHS)))
        delay = {"schedule": {"delay": random.choice(LENGTHS)}}
        nodes.append(wait(id_, *ways) if random.random() < 0.3 else send(id_, *ways, **delay))
    if not any(node["action"] == "send" for node in nodes):
        nodes[0] = send("a", on("elapsed", "b", after="PT10M"))
    return plan(*nodes, STOP, exits=[{"on": "replied", "as": "answered"}])


class Life:
    """What happens to some people, by chance."""

    def __init__(self, world: JourneyWorld, campaign: Campaign, random: Random) -> None:
        self._world, self._campaign, self._random = world, campaign, random
        self._told = 0

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
            await skip(self._world, self._random.choice(lengths))

    async def _enter(self) -> None:
        if (await self._world.load(self._campaign)).status in {
            CampaignStatus.RUNNING,
            CampaignStatus.PAUSED,
        }:
            await self._world.enter(self._campaign, self._random.choice(PEOPLE), settle=False)

    async def _hear(self) -> None:
        """Have a receipt come, perhaps late, perhaps twice."""
        sent = [each for each in await self._world.messages(self._campaign) if each.attempt]
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
        self._told += 1
        name, who = self._random.choice(("paid", "called")), self._random.choice(PEOPLE)
        event = NewEvent(name=name, id=f"e{self._told}", address=who)
        for _ in range(self._random.randint(1, 2)):
            await tell(self._world.engine, ORG, [event])

    async def _steer(self) -> None:
        """Pause, resume, move or take out somebody; what may not be is refused."""
        ids = [d.id for d in await self._world.documents(_walks(self._campaign))]
        if not ids:
            return
        engine, place = self._world.engine, (ORG, self._campaign.id, self._random.choice(ids))
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
        if status in {CampaignStatus.RUNNING, CampaignStatus.PAUSED}:
            await lifecycle.change(self._world.engine, ORG, self._campaign.id, action, by="ann")

    async def _opt_out(self) -> None:
        await suppressions.suppress(
            self._world.engine, ORG, PEOPLE[-1], reason="asked", by="ann", scope="email"
        )


async def skip(world: JourneyWorld, length: timedelta) -> None:
    """Let time pass at once, and a check come by."""
    world.clock.advance(length)
    await every_minute.check(world.engine)
    await world.settle()


def _walks(campaign: Campaign) -> str:
    return f"orgs/{ORG}/campaigns/{campaign.id}/enrollments"


async def check(world: JourneyWorld, campaign: Campaign) -> None:
    """Look whether anything has happened that must not."""
    handed = Counter((call.ref.message, call.attempt) for call in world.carrier.requests)
    assert set(handed.values()) <= {1}
    walks = await world.walks(campaign)
    assert len({walk.who for walk in walks}) == len(walks)
    for walk in walks:
        assert len(walk.threads) <= 1
        assert bool(walk.threads) == (not walk.has_ended)
    await world.check_statistics()


async def bring_to_an_end(world: JourneyWorld, campaign: Campaign) -> None:
    """Let everybody go on who is held, and nobody enter any more."""
    if (await world.load(campaign)).status is CampaignStatus.PAUSED:
        await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    for document in await world.documents(_walks(campaign)):
        found = await find(world.engine, ORG, campaign.id, document.id)
        if found.walk.status == EnrollmentStatus.PAUSED:
            await steering.resume(world.engine, ORG, campaign.id, document.id, by="ann")
    await campaigns.close(world.engine, ORG, campaign.id, by="ann")
    for _ in range(60):
        await skip(world, 5 * HOUR)


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_everybody_walks_each_step_once_to_an_end(seed: int) -> None:
    """Receipts, events, pauses, exits, moves and entries, in any order and at any time."""
    random = Random(seed)  # noqa: S311  it only has to be repeatable
    async with JourneyWorld() as world:
        campaign = await world.begin(random_plan(random))
        await world.enter(campaign, *PEOPLE[:2])
        life = Life(world, campaign, random)
        for _ in range(25):
            await life.happen()
            await check(world, campaign)
        gone_at = {walk.who: walk for walk in await world.walks(campaign) if walk.has_ended}
        sent = len(world.carrier.requests)
        await bring_to_an_end(world, campaign)
        await check(world, campaign)

        assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
        walks = await world.walks(campaign)
        assert all(walk.has_ended for walk in walks)
        statuses = {str(message.status) for message in await world.messages(campaign)}
        assert not statuses & {MessageStatus.PENDING, MessageStatus.SENDING}
        later = {call.ref.message[:8] for call in world.carrier.requests[sent:]}
        exited = {who for who, walk in gone_at.items() if walk.status == EnrollmentStatus.EXITED}
        assert not {f"{who[-1]}{who[:7]}" for who in exited} & later
