"""A carrier for laptops, demonstrations and tests: it places calls that ring nobody."""

from collections.abc import Mapping
from typing import Final

import orjson

from functions.channels.callback_urls import CallbackEvent
from functions.channels.simulator.carrier import SimulatedCarrier
from functions.channels.simulator.ledger import Event, Placed
from functions.channels.simulator.script import Fate
from functions.domain.messages.delivery_events import MessageRef
from functions.engine.ports.channel import NOTHING_TOLD, Answer, Outbound, Traits

PROVIDER: Final = "simulator"


class Simulator(SimulatedCarrier):
    """The Channel of the simulated carrier's calls."""

    traits = Traits(holds_live_call=True, recalls=True)
    provider = PROVIDER
    begin = Event.CALL
    end = CallbackEvent.HANGUP

    def answer(
        self,
        ref: MessageRef,  # noqa: ARG002 (the port's signature, as below)
        attempt: int,  # noqa: ARG002
        bot_url: str,
        about: Mapping[str, str] = NOTHING_TOLD,  # noqa: ARG002
    ) -> Answer:
        """Name the bot that a real call would be connected with."""
        return Answer("application/json", orjson.dumps({"stream": bot_url}))

    def _fate(self, attempt: Outbound | Placed) -> Fate:
        return self._script.fate(attempt.ref, attempt.attempt, attempt.machine_detection)
