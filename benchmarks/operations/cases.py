"""Whole cases, from a campaign's creation to its last receipt: what they ask of the store."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, TypeAlias

from benchmarks.journeys.world import send
from benchmarks.operations.counting import Operations
from benchmarks.operations.laptop import ORG, PHONE, Laptop, opened
from functions.domain.contacts.phones import parse_phone
from functions.domain.kinds import ChannelKind
from functions.domain.sending_rules.windows import SendWindow
from functions.engine.campaigns.creation import NewVoiceCampaign
from functions.engine.campaigns.single_message import call_once

Case: TypeAlias = Callable[[int], Coroutine[Any, Any, Operations]]
"""Does something for so many people, messages, minutes or hours, and tells what was asked."""

#: Calls and texts reach everybody, and what providers tell of them arrives once and in time.
_CALM: Final = "rejected=0,spread=0"
#: Long enough for the last receipts, and for the polls that follow a campaign's end.
_AFTERWARDS_S: Final = 2100.0
_BOT: Final = "wss://bot.example.com/talk"
_CALL: Final = {"bot_url": _BOT}
_TEXT: Final = {"template": "Our spring sale begins today."}
_MAIL: Final = {**_TEXT, "subject": "Spring"}
_HOOK: Final = {**_TEXT, "webhook_url": "https://shop.example.com/hook"}
#: So many people wait, or their calls are held up.
WAITING: Final = 500
#: It opens in two days, where the people here live.
_LATER: Final = SendWindow("10:00", "11:00", ("wed",))
_WAITING_PLAN: Final = {
    "startNodeId": "wait",
    "nodes": [
        {
            "id": "wait",
            "action": "wait",
            "transitions": [{"on": "elapsed", "to": "hello", "after": "P1D"}],
        },
        send("hello", {"on": "elapsed", "to": "stop", "after": "PT1H"}),
        {"id": "stop", "action": "stop"},
    ],
}


async def text(size: int) -> Operations:
    """Text people on a list, each of whom has one receipt."""
    async with opened(_CALM) as laptop:
        return await _campaign(laptop, size, ChannelKind.SMS, _TEXT)


async def calls(size: int) -> Operations:
    """Call people at the rate that nobody has changed."""
    async with opened(_CALM) as laptop:
        return await _campaign(laptop, size, ChannelKind.VOICE, _CALL)


async def blocked_calls(size: int) -> Operations:
    """Call people who wait for the ten live-call slots, each of which is taken for 20 seconds."""
    async with opened(f"{_CALM},duration_s=20", voice_rate_per_s=500) as laptop:
        return await _campaign(laptop, size, ChannelKind.VOICE, _CALL)


async def mail(size: int) -> Operations:
    """Mail people who open it and click."""
    async with opened(f"{_CALM},read=1,clicked=1") as laptop:
        return await _campaign(laptop, size, ChannelKind.EMAIL, _MAIL)


async def webhook(size: int) -> Operations:
    """Post messages to a webhook, of which nothing more is told than that it has taken them."""
    async with opened(_CALM) as laptop:
        return await _campaign(laptop, size, ChannelKind.WEBHOOK, _HOOK)


async def import_row(size: int) -> Operations:
    """Import people into a new list."""
    async with opened(_CALM) as laptop:
        await laptop.import_people(size)
        return laptop.counted


async def single(size: int) -> Operations:
    """Call people one by one, each in a campaign of its own."""
    to = [parse_phone(f"+1202{2_000_000 + number}") for number in range(size)]
    new = NewVoiceCampaign(
        name="Single", sender=PHONE, bot_url=_BOT, provider="simulator", by="bench"
    )
    async with opened(_CALM) as laptop:
        for each in to:
            await call_once(laptop.engine, ORG, new, each)
            await asyncio.sleep(5)
        await asyncio.sleep(_AFTERWARDS_S)
        return laptop.counted


async def minutes(size: int) -> Operations:
    """Check for so many minutes, in which nothing is due."""
    async with opened(_CALM) as laptop:
        await laptop.check_for(size)
        return laptop.counted


async def paused(hours: int) -> Operations:
    """Leave a campaign paused in the midst of its calls."""
    async with opened(_CALM) as laptop:
        list_id = await laptop.import_people(WAITING)
        campaign = await laptop.send(ChannelKind.VOICE, list_id, **_CALL)
        await asyncio.sleep(20)
        await laptop.pause(campaign)
        return await _waited(laptop, hours)


async def closed_window(hours: int) -> Operations:
    """Let people wait until they may be texted, the day after tomorrow."""
    async with opened(_CALM, calling_windows="default") as laptop:
        list_id = await laptop.import_people(WAITING)
        await laptop.send(ChannelKind.SMS, list_id, send_window=_LATER, **_TEXT)
        return await _waited(laptop, hours)


async def waiting_plan(hours: int) -> Operations:
    """Let people wait for a day in a plan."""
    async with opened(_CALM) as laptop:
        await laptop.walk(_WAITING_PLAN, await laptop.import_people(WAITING))
        return await _waited(laptop, hours)


async def _campaign(
    laptop: Laptop, size: int, channel: ChannelKind, content: Mapping[str, Any]
) -> Operations:
    """Send a campaign to so many people, and count until it has been over for half an hour."""
    list_id = await laptop.import_people(size)
    laptop.begin()
    campaign = await laptop.send(channel, list_id, **content)
    await laptop.until_completed(campaign)
    await asyncio.sleep(_AFTERWARDS_S)
    return laptop.counted


async def _waited(laptop: Laptop, hours: int) -> Operations:
    """Count the hours after the first one, without what checks cost of which nobody waits."""
    await laptop.check_for(60)
    laptop.begin()
    await laptop.check_for(60 * hours)
    return laptop.counted - await minutes(60 * hours)
