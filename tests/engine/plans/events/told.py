"""What tests of custom events share: plans that name them, and how they are told of."""

from collections.abc import Mapping
from typing import Any, Final

from functions.domain.campaigns.entry import Entry, EntryBy
from functions.engine.plans.events.event import NewEvent, Telling
from functions.engine.plans.events.telling import tell
from tests.engine.plans.journeys import ANN, STOP, JourneyWorld, on, plan, send, wait
from tests.engine.world import ORG

#: A mail, and then a wait for a purchase, upon which there is another.
BUYS: Final = plan(
    send("hello", on("elapsed", "wait", after="PT1H")),
    wait("wait", on("bought", "thanks"), on("elapsed", "stop", after="P7D")),
    send("thanks", on("elapsed", "stop", after="PT1H")),
    STOP,
)
#: Whoever buys leaves, wherever they stand.
SELLS: Final = plan(
    send("hello", on("elapsed", "again", after="P1D")),
    send("again", on("elapsed", "stop", after="P1D")),
    STOP,
    goal={"on": "bought"},
)
#: Upon a purchase people are thanked.
THANKS: Final = plan(send("thanks", on("elapsed", "stop", after="P1D")), STOP)
UPON_PURCHASE: Final = Entry(EntryBy.EVENT, event="bought")


async def told(
    world: JourneyWorld, name: str = "bought", *, settle: bool = True, **more: Any
) -> Telling:
    """Tell of an event, of Ann where nobody else is named; return what came of it."""
    whose: Mapping[str, str] = {} if {"contact_id", "subject"} & more.keys() else {"address": ANN}
    (outcome,) = await tell(world.engine, ORG, [NewEvent(name=name, **{**whose, **more})])
    if settle:
        await world.settle()
    if not isinstance(outcome, Telling):
        raise outcome
    return outcome
