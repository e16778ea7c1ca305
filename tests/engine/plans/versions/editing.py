"""A world in which plans change while people walk through them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef
from functions.domain.messages.message import Message
from functions.engine.campaigns import lifecycle
from functions.engine.delivery.dispatch import dispatch
from functions.engine.kernel.lanes import lane_names
from functions.engine.plans import steering
from functions.engine.plans.campaigns import change_plan
from functions.engine.plans.migration.asked import ask
from functions.engine.plans.migration.progress import Progress, progress_of
from tests.engine.plans.journeys import STOP, JourneyWorld, on, plan, send
from tests.engine.world import ORG

BOB: Final = "bob@example.com"
ZOE: Final = "zoe@example.com"

#: A mail, a day, another one.
TWO: Final = plan(
    send("hello", on("elapsed", "again", after="P1D")),
    send("again", on("elapsed", "stop", after="P1D")),
    STOP,
)
#: The same with another one between them, and a shorter wait behind it.
THREE: Final = plan(
    send("first", on("elapsed", "hello", after="P1D")),
    send("hello", on("elapsed", "between", after="PT12H")),
    send("between", on("elapsed", "again", after="P1D")),
    send("again", on("elapsed", "stop", after="P1D")),
    STOP,
)
#: TWO, whose first node is called otherwise.
RENAMED: Final = plan(
    send("welcome", on("elapsed", "again", after="P1D")),
    send("again", on("elapsed", "stop", after="P1D")),
    STOP,
)


@dataclass
class EditingWorld(JourneyWorld):
    """A world whose plans are edited."""

    async def edit(self, campaign: Campaign, document: Mapping[str, Any]) -> Campaign:
        """Give a campaign another plan."""
        changed = await change_plan(
            self.engine, ORG, campaign.id, document, by="ann", if_version=None
        )
        await self.settle()
        return changed

    async def migrate(
        self, campaign: Campaign, nodes: Mapping[str, str] | None = None, to: int | None = None
    ) -> Progress:
        """Let everybody go over to a version, and return what came of it."""
        await ask(self.engine, ORG, campaign.id, nodes=nodes or {}, to=to, by="ann")
        await self.settle()
        return await self.progress(campaign)

    async def progress(self, campaign: Campaign) -> Progress:
        """Return how far the last migration has come."""
        found = await progress_of(self.engine, await self.load(campaign))
        assert found is not None
        return found

    async def tell_of(self, campaign: Campaign, message: Message, kind: EventKind) -> None:
        """Have a receipt come of a message now."""
        ref, at = MessageRef(ORG, campaign.id, message.id), self.clock.now()
        await self.receive(DeliveryEvent(f"{kind}-{message.id}", ref, message.attempt, kind, at))
        await self.settle()

    async def set_pause(self, campaign: Campaign, action: Action) -> None:
        """Pause or resume a campaign."""
        await lifecycle.change(self.engine, ORG, campaign.id, action, by="ann")
        await self.settle()

    async def run_lanes(self, campaign: Campaign) -> None:
        """Have the lanes that send do what is due, and no other task."""
        for name in lane_names(campaign):
            await dispatch(self.engine, ORG, campaign.id, name)

    async def pause_one(self, campaign: Campaign, id_: str) -> None:
        """Pause one person's walk."""
        await steering.pause(self.engine, ORG, campaign.id, id_, by="ann")

    async def load_id(self, id_: str) -> Campaign:
        """Return a campaign by its id."""
        return await lifecycle.load(self.engine, ORG, id_)
