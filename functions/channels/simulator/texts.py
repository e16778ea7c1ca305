"""Messages by the simulated carrier: nobody gets them, and its book has every one."""

from datetime import datetime, timedelta
from typing import Final

from functions.channels.callback_urls import CallbackEvent
from functions.channels.simulator.callbacks import Story
from functions.channels.simulator.carrier import SimulatedCarrier
from functions.channels.simulator.ledger import Ledger, Receipt, TakenText, digest_of
from functions.channels.simulator.script import Fate
from functions.domain.messages.delivery_events import MessageRef
from functions.engine.ports.channel import Answer, Outbound, Traits

PROVIDER: Final = "simulator-texts"
RATE_PER_S: Final = 80  #: what WhatsApp allows a number


class SimulatedTexts(SimulatedCarrier[TakenText]):
    """The Channel of whatever else the simulated carrier sends: SMS, WhatsApp, mails, webhooks.

    Unless the script says otherwise, it takes 95 texts of 100 within half a second, and turns
    down the others with an error that may pass.
    """

    traits = Traits(rate_per_s=RATE_PER_S, recalls=True)
    provider = PROVIDER
    end = CallbackEvent.RECEIPT

    def answer(self, ref: MessageRef, attempt: int, bot_url: str) -> Answer:  # noqa: ARG002 (the port's signature)
        """Say nothing: nobody picks up a text."""
        return Answer("text/plain", b"")

    def _fate(self, attempt: Outbound | TakenText) -> Fate:
        return self._script.text_fate(attempt.ref, attempt.attempt)

    def _write(self, outbound: Outbound, id_: str, at: datetime) -> TakenText:
        taken = TakenText(
            id=id_,
            ref=outbound.ref,
            attempt=outbound.attempt,
            to=outbound.to,
            digest=digest_of(outbound.body),
            at=at,
        )
        self._book.text(taken)
        return taken

    def _write_end(self, story: Story) -> None:
        at = story.placed.at + timedelta(seconds=story.fate.ends_after_s)
        self._book.receipt(Receipt(story.placed.id, story.fate.outcome, at))

    def _all(self, ledger: Ledger) -> list[TakenText]:
        return ledger.texts

    def _unended(self, ledger: Ledger) -> list[TakenText]:
        return ledger.under_way
