"""Messages by the simulated carrier: nobody gets them, and its book has every one."""

from typing import Final

from functions.channels.callback_urls import CallbackEvent
from functions.channels.simulator.carrier import SimulatedCarrier
from functions.channels.simulator.ledger import Event, Placed
from functions.channels.simulator.script import Fate
from functions.engine.ports.channel import Outbound, Traits

PROVIDER: Final = "simulator-texts"
RATE_PER_S: Final = 80  #: what WhatsApp allows a number


class SimulatedTexts(SimulatedCarrier):
    """The Channel of whatever else the simulated carrier sends: SMS, WhatsApp, mails, webhooks.

    Unless the script says otherwise, it takes 95 texts of 100 within half a second, and turns
    down the others with an error that may pass.
    """

    traits = Traits(rate_per_s=RATE_PER_S, recalls=True)
    provider = PROVIDER
    begin = Event.TEXT
    end = CallbackEvent.RECEIPT

    def _fate(self, attempt: Outbound | Placed) -> Fate:
        return self._script.text_fate(attempt.ref, attempt.attempt)
