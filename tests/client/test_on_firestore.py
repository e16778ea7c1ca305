"""The library on Firestore: the same as on SQLite, and on many processes."""

import asyncio
from uuid import uuid4

import pytest

from functions.domain.errors import NotFoundError
from tests.client.conftest import DAY, Library, action, definition


async def test_two_schedulers_share_firestore(firestore_emulator: str) -> None:
    """Twenty subjects scheduled at once by two of them: each action is called once, by either."""
    library = Library(f"firestore://demo-library-{uuid4().hex[:8]}", firestore_emulator)
    one, other = await library.open(), await library.open()
    try:
        wanted = definition(actions=[action("a", "0days"), action("b", "2days", time="10:00")])
        await asyncio.gather(one.define(wanted), other.define(wanted))
        names = [f"customer/{number}" for number in range(10)]
        await asyncio.gather(
            *(each.schedule("afterPurchase", name) for each in (one, other) for name in names)
        )
        await asyncio.gather(one.run_due(), other.run_due())
        assert sorted(call.subject for call in library.calls) == names

        assert await other.unschedule("afterPurchase", names[0]) == 1
        library.clock.advance(3 * DAY)
        await one.run_due()
        assert len(library.calls) == 19
        status = await other.status()
        assert (status.actions["completed"], status.schedules["unscheduled"]) == (19, 1)
        assert len(await other.get_actions(subject=names[0])) == 1
        await one.destroy("afterPurchase", confirm=True)
        with pytest.raises(NotFoundError):
            await other.schedule("afterPurchase", names[0])
    finally:
        await one.close()
        await other.close()
