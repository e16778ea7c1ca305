"""Clarion as it runs on a laptop, over HTTP, with a simulated carrier and a time that is moved."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self

import httpx

from functions.bootstrap.stack import build
from functions.channels.simulator.voice import Simulator
from functions.queues.local import LocalQueue
from functions.settings.load import load_settings
from tests.channels.simulator.simulated_carrier import make_callbacks
from tests.engine.living_clock import LivingClock

#: Everybody answers after two seconds and talks for three, unless a test says otherwise.
CALM = "spread=0,latency_ms=0,ring_ms=1000,pickup_ms=1000,duration_s=3"
SENDER = "+12025550100"
SECOND = timedelta(seconds=1)


def people(count: int) -> str:
    """Return a CSV of people in New York."""
    return "number,name\n" + "".join(f"+1212555{n:04d},Person {n}\n" for n in range(count))


class Laptop:
    """One Clarion, everything in memory but the carrier's book. Use as an async context manager."""

    def __init__(self, folder: Path, *, store: str = ":memory:", **settings: Any) -> None:
        # The clock stands still while the carrier tells of a call: nobody comes to share a write.
        usual = {"simulator_script": CALM, "calling_windows": "off", "live_call_freed_within_s": 0}
        chosen = {**usual, **settings}
        self.clock = LivingClock()
        self._stack = build(
            load_settings(
                _env_file=None,
                store_url=f"sqlite:///{store}",
                simulator_ledger=folder / "carrier.jsonl",
                **chosen,
            ),
            clock=self.clock,
        )
        self.engine = self._stack.engine
        transport = httpx.ASGITransport(self._stack.app)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        self.clock.on_sleep = partial(make_callbacks, self.engine)

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close everything."""
        await self._http.aclose()
        await self._stack.close()

    @property
    def _carrier(self) -> Simulator:
        carrier = self.engine.channels["simulator"]
        assert isinstance(carrier, Simulator)
        return carrier

    @property
    def called(self) -> Counter[str]:
        """How often the carrier has rung each number, by its own book."""
        return self._carrier.ledger.addresses

    # --- What a person does -------------------------------------------------------------------

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Ask for something; the answer must be 200."""
        answer = await self._http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def refused(self, path: str, **body: Any) -> tuple[int, str]:
        """Ask for something that is refused; return the status and the sentence."""
        answer = await self._http.post(path, json=body)
        return answer.status_code, answer.json()["message"]

    async def upload(self, csv: str) -> dict[str, Any]:
        """Upload a list of people."""
        answer = await self._http.post(
            "/upload-csv", files={"file": ("people.csv", csv)}, data={"listName": "People"}
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def create(self, csv: str, *, starts_at: datetime | None = None, **more: Any) -> str:
        """Create a campaign to the people in a CSV, now or at a time; return its id."""
        uploaded = await self.upload(csv)
        if starts_at is not None:
            more["scheduledTime"] = starts_at.isoformat()
        made = await self.post(
            "/create-campaign",
            campaignName="Spring",
            listId=uploaded["listId"],
            fromNumber=SENDER,
            wssUrl="wss://bot.example.com/talk",
            **more,
        )
        return str(made["campaignId"])

    async def progress(self, campaign: str) -> dict[str, Any]:
        """Look how far a campaign has come."""
        answer = await self._http.get(f"/campaign-progress/{campaign}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def report(self, campaign: str) -> dict[str, tuple[str, str, int]]:
        """Return what became of each number: its status, the reason, and the attempts made."""
        rows = (await self.post("/get-report-by-campaign", campaignId=campaign))["rows"]
        return {row["number"]: (row["status"], row["reason"], row["attempts"]) for row in rows}

    async def download(self, campaign: str) -> str:
        """Return the report as CSV."""
        answer = await self._http.post(
            "/get-report-by-campaign", json={"campaignId": campaign, "isDownload": True}
        )
        return answer.text

    # --- Time ---------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Do all that is due now: tasks and the carrier's callbacks."""
        queue = self.engine.queue
        assert isinstance(queue, LocalQueue)
        while await queue.run_due() + await make_callbacks(self.engine):
            pass

    async def run_for(self, length: timedelta) -> None:
        """Let Clarion work by itself until its own waits have taken so long, and stop it there."""
        queue = self.engine.queue
        assert isinstance(queue, LocalQueue)
        until = self.clock.now() + length
        working = asyncio.create_task(queue.run_due())
        while self.clock.now() < until:  # noqa: ASYNC110 - it waits for turns, not for time
            await asyncio.sleep(0)
        self._working = working

    async def pass_time(self, length: timedelta) -> None:
        """Let time pass, second by second."""
        await self.settle()
        end = self.clock.now() + length
        while self.clock.now() < end:
            self.clock.advance(SECOND)
            await self.settle()
