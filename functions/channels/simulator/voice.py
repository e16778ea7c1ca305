"""A carrier for laptops, demonstrations and tests: it places calls that ring nobody."""

from datetime import datetime, timedelta
from typing import Final

import orjson

from functions.channels.callback_urls import CallbackEvent
from functions.channels.simulator.callbacks import Story
from functions.channels.simulator.carrier import SimulatedCarrier
from functions.channels.simulator.ledger import Hangup, Ledger, PlacedCall
from functions.channels.simulator.script import Fate
from functions.domain.messages.delivery_events import MessageRef
from functions.engine.ports.channel import Answer, Outbound, Traits

PROVIDER: Final = "simulator"


class Simulator(SimulatedCarrier[PlacedCall]):
    """The Channel of the simulated carrier's calls."""

    traits = Traits(holds_live_call=True, recalls=True)
    provider = PROVIDER
    end = CallbackEvent.HANGUP

    def answer(self, ref: MessageRef, attempt: int, bot_url: str) -> Answer:  # noqa: ARG002 (the port's signature)
        """Name the bot that a real call would be connected with."""
        return Answer("application/json", orjson.dumps({"stream": bot_url}))

    def _fate(self, attempt: Outbound | PlacedCall) -> Fate:
        return self._script.fate(attempt.ref, attempt.attempt, attempt.machine_detection)

    def _write(self, outbound: Outbound, id_: str, at: datetime) -> PlacedCall:
        placed = PlacedCall(
            id=id_,
            ref=outbound.ref,
            attempt=outbound.attempt,
            to=outbound.to,
            machine_detection=outbound.machine_detection,
            at=at,
        )
        self._book.call(placed)
        return placed

    def _write_end(self, story: Story) -> None:
        placed, fate = story.placed, story.fate
        at = placed.at + timedelta(seconds=fate.ends_after_s)
        self._book.hangup(Hangup(placed.id, fate.outcome, fate.duration_s, at))

    def _all(self, ledger: Ledger) -> list[PlacedCall]:
        return ledger.placed

    def _unended(self, ledger: Ledger) -> list[PlacedCall]:
        return ledger.live
