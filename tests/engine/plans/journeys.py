"""A world in which people walk through plans: campaigns, those who enter, and where they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import Entry, EntryBy
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef
from functions.domain.messages.message import Message
from functions.domain.plans.enrollment import Enrollment, enrollment_from
from functions.engine import paths
from functions.engine.plans import campaigns
from functions.engine.plans.campaigns import NewPlanCampaign
from functions.engine.plans.enroll import Entered, Entrant, enroll
from functions.engine.ports.channel import Traits
from functions.engine.scheduling import check
from tests.engine.recording_channel import Fate, Receipt, RecordingChannel
from tests.engine.stored_contacts import add_people, list_of
from tests.engine.world import ORG, World

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
ARRIVES: Final = Fate((Receipt(1, EventKind.DELIVERED),))
ANN: Final = "ann@example.com"


def plan(*nodes: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return a plan of these nodes, which begins at the first."""
    return {"startNodeId": nodes[0]["id"], "nodes": list(nodes), **more}


def send(id_: str, *ways: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return a node that sends a mail which says its id."""
    said = {"sender": "us@example.com", "subject": id_, "body": id_}
    return {"id": id_, "action": "send", **said, "transitions": list(ways), **more}


def wait(id_: str, *ways: Mapping[str, Any]) -> dict[str, Any]:
    """Return a node that waits."""
    return {"id": id_, "action": "wait", "transitions": list(ways)}


def on(event: str, to: str, **timing: str) -> dict[str, Any]:
    """Return a way out."""
    return {"on": event, "to": to, **timing}


STOP: Final = {"id": "stop", "action": "stop"}
#: A mail; whoever opens it gets another at once, and whoever does not, a third after a day.
WELCOME: Final = plan(
    send("hello", on("opened", "thanks"), on("no_open", "again", after="P1D")),
    send("thanks", on("elapsed", "stop", after="PT1H")),
    send("again", on("elapsed", "stop", after="PT1H")),
    STOP,
)


@dataclass
class JourneyWorld(World):
    """A world whose carrier takes mails and texts."""

    fate: Fate = field(default=ARRIVES)

    def __post_init__(self) -> None:
        """Put a carrier of mails in the place of the one that calls."""
        super().__post_init__()
        self.carrier = RecordingChannel(
            self.clock, self._receive, otherwise=self.fate, traits=Traits()
        )
        self.clock.on_sleep = self.carrier.deliver_due
        self.engine = self.new_engine()

    async def begin(
        self,
        document: Mapping[str, Any] = WELCOME,
        *,
        name: str = "Welcome",
        entry: Entry | None = None,
        **more: Any,
    ) -> Campaign:
        """Create a campaign with a plan, and start it."""
        new = NewPlanCampaign(
            name=name, document=document, entry=entry or Entry(EntryBy.API), **more
        )
        campaign = await campaigns.create(self.engine, ORG, new, by="ann")
        started = await campaigns.start(self.engine, ORG, campaign.id, by="ann")
        await self.settle()
        return started

    async def enter(
        self, campaign: Campaign, *addresses: str, settle: bool = True, **more: Any
    ) -> list[Entered]:
        """Let people enter by their addresses."""
        entrants = [Entrant(address=address) for address in addresses or (ANN,)]
        entered = await enroll(self.engine, ORG, campaign.id, entrants, **more)
        if settle:
            await self.settle()
        return entered

    async def listed(self, *addresses: str) -> dict[str, Any]:
        """Make contacts of people and a list of these, who enter a campaign as it starts."""
        ids = await add_people(self.engine, ({"email": each} for each in addresses))
        audience = Audience(AudienceKind.LIST, await list_of(self.engine, ids))
        return {"entry": Entry(EntryBy.LIST), "audience": audience}

    async def skip(self, length: timedelta) -> None:
        """Let time pass at once, as when nobody was there, and a check come by."""
        self.clock.advance(length)
        await check.check(self.engine)
        await self.settle()

    async def walks(self, campaign: Campaign) -> list[Enrollment]:
        """Return everybody who has entered."""
        found = await self.documents(paths.enrollments(ORG, campaign.id))
        return [enrollment_from(document.data) for document in found]

    async def walk(self, campaign: Campaign) -> Enrollment:
        """Return the only one who has entered."""
        (found,) = await self.walks(campaign)
        return found

    async def path(self, campaign: Campaign) -> list[str]:
        """Return the nodes of the only one who has entered, in order, and how it ended."""
        return path_of(await self.walk(campaign))

    @property
    def sent(self) -> Sequence[str]:
        """What was handed to the carrier, in order."""
        return [call.body for call in self.carrier.requests]

    async def message(self, campaign: Campaign, body: str) -> Message:
        """Return the only message that says this."""
        (found,) = [each for each in await self.messages(campaign) if each.body == body]
        return found

    async def tell(
        self, campaign: Campaign, body: str, kind: EventKind, *, late: timedelta = timedelta()
    ) -> None:
        """Have a receipt come of the message that says this; it happened so long ago."""
        message = await self.message(campaign, body)
        ref = MessageRef(ORG, campaign.id, message.id)
        at = self.clock.now() - late
        event = DeliveryEvent(f"{kind}-{at.isoformat()}", ref, message.attempt, kind, at)
        await self.receive(event)
        await self.settle()


def path_of(walk: Enrollment) -> list[str]:
    """Return the nodes that somebody has come through, then where they stand or why they left."""
    here = [thread.node for thread in walk.threads.values()]
    return [move.source for move in walk.moves] + (here or [walk.exit or walk.status])
