"""Waiting for room: how busy a server is while calls wait for slots that are all taken."""

import asyncio
import tempfile
from typing import Any

import httpx

from benchmarks import served
from benchmarks.report import Row

_PEOPLE, _SLOTS = 10_000, 100
_WATCHED_S = 20
_SETTINGS = {
    "VOICE_RATE_PER_S": "500",
    "LIVE_CALLS_PER_ORG": str(_SLOTS),
    "LIVE_CALLS_TOTAL": str(_SLOTS),
    "CALLING_WINDOWS": "off",
}
#: Seconds that a call lasts.
_LASTING, _BRIEF = 600, 30


async def measure() -> list[Row]:
    """Measure it while no call ends, and while each ends after half a minute."""
    waiting, moving = await _busy(_LASTING), await _busy(_BRIEF)
    name = f"processor, {_PEOPLE:,} calls wait for {_SLOTS} slots"
    against = f"{moving:.1f} % where calls end after {_BRIEF} s"
    return [Row(name, f"{waiting:.1f} % of a core", against, None, "< 3 %")]


async def _busy(call_s: int) -> float:
    """Return how much of a core a server uses while everybody waits, in per cent."""
    script = f"spread=0,duration_s={call_s}"
    with tempfile.TemporaryDirectory() as folder:
        async with served.ours("app", folder, **_SETTINGS, SIMULATOR_SCRIPT=script) as function:
            async with httpx.AsyncClient(base_url=function.url, timeout=60) as client:
                await _until_blocked(client)
            before = function.processor_s()
            await asyncio.sleep(_WATCHED_S)
            return (function.processor_s() - before) / _WATCHED_S * 100


async def _until_blocked(client: httpx.AsyncClient) -> None:
    """Start a campaign, and wait until all slots are taken and everybody else has a message."""
    rows = "number\n" + "".join(f"+1202{2_000_000 + number}\n" for number in range(_PEOPLE))
    uploaded = await _told(
        client.post("/upload-csv", files={"file": ("people.csv", rows)}, data={"listName": "All"})
    )
    body = {
        "campaignName": "Blocked",
        "listId": uploaded["listId"],
        "fromNumber": "+12025550100",
        "wssUrl": "wss://bot.example.com/talk",
    }
    campaign = (await _told(client.post("/create-campaign", json=body)))["campaignId"]
    while True:
        shown = await _told(client.get(f"/campaign-progress/{campaign}"))
        by_status = shown["statistics"]["byStatus"]
        if sum(by_status.values()) == _PEOPLE and by_status["pending"] <= _PEOPLE - _SLOTS:
            return
        await asyncio.sleep(0.5)


async def _told(request: Any) -> Any:
    return (await request).raise_for_status().json()
