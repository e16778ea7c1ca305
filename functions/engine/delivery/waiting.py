"""Waiting for room: a lane that has nothing else to do sleeps, and keeps itself."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from functions.engine.kernel.lanes import LaneLease
from functions.engine.pacing import live_calls

#: The lease is renewed no sooner than so much of it is left.
_LEFT: Final = timedelta(seconds=3)


async def wait_for_slot(
    lease: LaneLease, at: datetime | None, wanted: int, is_over: Callable[[], bool]
) -> None:
    """Wait until a live call may be made, or it `is_over`; `at` is when to look again.

    Whom it may be made to is looked at only after that.
    """
    engine, org = lease.engine, lease.campaign.org

    async def sleep(until: datetime) -> bool:
        return await live_calls.wait(engine, org, until)

    while at is not None and not is_over():
        await _wait(lease, at, sleep)
        at = await live_calls.find_room(engine, org, wanted)


async def wait_until(lease: LaneLease, at: datetime) -> None:
    """Wait until an instant. Raises what a commit of the lease raises."""

    async def sleep(until: datetime) -> bool:
        await lease.engine.clock.sleep((until - lease.engine.clock.now()).total_seconds())
        return False

    await _wait(lease, at, sleep)


async def _wait(
    lease: LaneLease, at: datetime, sleep: Callable[[datetime], Awaitable[bool]]
) -> None:
    """Sleep until an instant, or until a sleep ends with True, and keep the lane."""
    length, is_over = lease.engine.limits.lane_lease, False
    while not is_over and not lease.is_late and (now := lease.engine.clock.now()) < at:
        is_over = await sleep(min(at, now + length / 8))
        await lease.keep(min(length / 2, _LEFT))
