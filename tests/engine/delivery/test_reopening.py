"""A text that is told to have failed for now, just as its campaign comes to its end."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef, Retry
from functions.engine import paths
from functions.engine.delivery.dispatch import dispatch
from functions.engine.kernel.engine import ProcessMemory
from functions.engine.receipts.applying import Applied
from functions.engine.receipts.receive import receive
from tests.engine.delivery.test_texts import CALM, Texting
from tests.engine.world import ORG
from tests.engine.wrapped_store import Do, Operation, WrappedStore


class SlowReceipt:
    """A receipt in a process of its own, which is stopped between its commit and what follows."""

    def __init__(self, world: Texting, campaign: Campaign) -> None:
        self._world = world
        self._campaign = campaign
        self._is_stored, self._may_go_on = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[Applied] | None = None

    async def begin(self) -> None:
        """Tell that the only text has failed for now, as far as the commit of that."""
        (message,) = await self._world.messages(self._campaign)
        ref, now = MessageRef(ORG, self._campaign.id, message.id), self._world.clock.now()
        failed = DeliveryEvent("f", ref, 1, EventKind.FAILED, now, "", "busy", Retry.LATER)
        store = WrappedStore(self._world.store, self._stopped)
        engine = replace(self._world.engine, store=store, memory=ProcessMemory())
        self._task = asyncio.create_task(receive(engine, failed))
        await self._is_stored.wait()

    async def end(self) -> None:
        """Go on to the end."""
        self._may_go_on.set()
        if self._task is not None:
            await self._task

    async def _stopped(self, operation: Operation, do: Do) -> Any:
        if self._is_stored.is_set():
            await self._may_go_on.wait()
        result = await do()
        collection = paths.messages(ORG, self._campaign.id)
        if operation.name == "commit" and any(collection in path for path in operation.paths):
            self._is_stored.set()
        return result


@pytest.mark.parametrize("moment", range(14))
async def test_it_is_tried_again_or_has_failed_and_never_left_behind(moment: int) -> None:
    """Noted before any operation of the lane's worker, whose campaign ends on it, and told after.

    A campaign that has ended first has the text fail; one that has not tries it again.
    """
    async with Texting(script=replace(CALM, lost=1)) as world:
        campaign = await world.text(1)
        await world.rewrite(campaign, lanes=1)
        await world.launch_only(campaign)
        receipt, after_send = SlowReceipt(world, campaign), list[bool]()

        async def begin(_: Operation, do: Do) -> Any:
            (message,) = await world.messages(campaign)
            if message.status == "sent":
                after_send.append(True)
                if len(after_send) == moment + 1:
                    await receipt.begin()
            return await do()

        plain = world.engine
        engine = replace(plain, store=WrappedStore(world.store, begin))
        await dispatch(engine, ORG, campaign.id, "0")
        await receipt.end()
        await world.over(campaign)
        (message,) = await world.messages(campaign)
        tried, told = len(world.texts.ledger.texts), len(after_send) > moment
        expected = ("sent", 2) if tried == 2 else ("failed", 1)
        assert (message.status, tried) == (expected if told else ("sent", 1))
