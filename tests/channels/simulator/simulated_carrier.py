"""The simulated carrier, with a clock to move it and an application that keeps its callbacks."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from functions.channels.callback_urls import parse_callback
from functions.channels.simulator.callbacks import ENDS
from functions.channels.simulator.script import Script, Window
from functions.channels.simulator.texts import SimulatedTexts
from functions.channels.simulator.voice import Simulator
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind
from functions.domain.messages.send_outcomes import SendOutcome
from functions.engine.kernel.engine import Engine
from functions.engine.ports.channel import WebhookRequest
from tests.channels.conformance import REF, Weather, outbound
from tests.clock import MovedClock

TERMS: Final = (
    "spread=0,latency_ms=0,ring_ms=1000,pickup_ms=2000,duration_s=10,"
    "text_latency_ms=0,delivery_ms=4000,rejected=0"
)
STEADY: Final = Script.parse(TERMS)
CALL_S: Final = 13.0  #: from placing to hanging up, in that script
TEXT_S: Final = 4.0  #: from taking a text to its receipt, in that script


@dataclass
class Carrier:
    """A simulator of calls, or of texts, whose callbacks are kept, and a clock to move it."""

    script: Script = STEADY
    ledger_path: Path | None = None
    clock: MovedClock = field(default_factory=MovedClock)
    got: list[WebhookRequest] = field(default_factory=list)
    answers: list[int | Exception] = field(default_factory=list)  #: to callbacks; then 200
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    late: asyncio.Event | None = None  #: the first callback is answered once it is set
    texts: bool = False

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Begin a life on the script and ledger that are set."""
        common: dict[str, Any] = {
            "ledger_path": self.ledger_path,
            "clock": self.clock,
            "script": self.script,
            "deliver": self._deliver,
            "key": "key-of-nobody",
            "public_base_url": "https://app.example",
        }
        self.channel: Simulator | SimulatedTexts = (
            SimulatedTexts(**common) if self.texts else Simulator(**common)
        )

    async def send(self, *messages: str, by: ChannelKind = ChannelKind.SMS) -> list[SendOutcome]:
        """Send a first attempt of each of these messages."""
        refs = [REF._replace(message=message) for message in messages]
        return [await self.channel.send(outbound(ref)._replace(channel=by)) for ref in refs]

    async def pass_by(self, seconds: float) -> list[DeliveryEvent]:
        """Let time pass; return the events of the callbacks that came."""
        self.clock.advance(timedelta(seconds=seconds))
        self.got.clear()
        await self.channel.run_due()
        return [event for request in self.got for event in self.channel.parse_webhook(request)]

    async def expect(self, weather: Weather) -> None:
        """Let the following send meet this weather."""
        scripts = {
            Weather.BUSY: replace(STEADY, refused=1),
            Weather.ERROR: replace(STEADY, error=1),
            Weather.SILENCE: replace(STEADY, lost_answer=1),
            Weather.AWAY: replace(STEADY, outage=(Window(0, 60),)),
        }
        self.script = scripts.get(weather, STEADY)
        self.open()

    def placed(self) -> int:
        """Count the calls and texts in the ledger."""
        ledger = self.channel.ledger
        return len(ledger.placed) + len(ledger.texts)

    async def live_through(self) -> list[WebhookRequest]:
        """Let a whole call pass, or a text arrive."""
        await self.pass_by(CALL_S)
        return self.got

    async def _deliver(self, request: WebhookRequest) -> int:
        self.got.append(request)
        if parse_callback(request.url).event in ENDS:
            self.ended.set()
        if self.late is not None and len(self.got) == 1:
            await self.late.wait()
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer


def simulated(engine: Engine) -> list[Simulator | SimulatedTexts]:
    """Return the simulated carrier's channels of a whole engine."""
    channels = engine.channels.values()
    return [each for each in channels if isinstance(each, Simulator | SimulatedTexts)]


async def make_callbacks(engine: Engine) -> int:
    """Have the simulated carrier make what callbacks are due; return how many were taken."""
    return sum([await each.run_due() for each in simulated(engine)])


def kinds(events: list[DeliveryEvent]) -> list[EventKind]:
    """Return what happened, in order."""
    return [event.kind for event in events]
