"""Messages by the simulated carrier: nobody gets them, and its book has every one."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Final

from functions.channels.callback_urls import CallbackEvent
from functions.channels.simulator.carrier import SimulatedCarrier
from functions.channels.simulator.ledger import Event, Placed
from functions.channels.simulator.script import TOLD_OF_TEXTS, Fate, Outcome
from functions.domain.kinds import ChannelKind, facts_of
from functions.engine.ports.channel import Outbound, Traits

PROVIDER: Final = "simulator-texts"
RATE_PER_S: Final = 80  #: what WhatsApp allows a number
#: What becomes of a text, as plans call it.
_EVENTS: Final[Mapping[Outcome, str]] = {
    Outcome.DELIVERED: "delivered",
    Outcome.READ: "opened",
    Outcome.CLICKED: "clicked",
    Outcome.REPLIED: "replied",
    Outcome.COMPLAINED: "complained",
}


class SimulatedTexts(SimulatedCarrier):
    """The Channel of whatever else the simulated carrier sends: SMS, WhatsApp, mails, webhooks.

    Unless the script says otherwise, it takes 95 texts of 100 within half a second, and turns
    down the others with an error that may pass. It tells no more than the providers of a channel
    do: nobody clicks on an SMS, and a server that has taken a webhook message says nothing more.
    """

    traits = Traits(rate_per_s=RATE_PER_S, recalls=True)
    provider = PROVIDER
    begin = Event.TEXT
    end = CallbackEvent.RECEIPT

    def _fate(self, attempt: Outbound | Placed) -> Fate:
        return self._script.text_fate(attempt.ref, attempt.attempt, _told(attempt.channel))


@cache
def _told(channel: str) -> Collection[Outcome]:
    """Return what is told of messages by a channel, as its real providers tell it."""
    if not channel:
        return TOLD_OF_TEXTS
    events = facts_of(ChannelKind(channel)).events
    # Whoever can be told of at all can opt out.
    also = {Outcome.OPTED_OUT} if events else set()
    return also.union(outcome for outcome, event in _EVENTS.items() if event in events)
