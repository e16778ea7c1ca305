"""What this process knows of the live-call slots: who holds them, who has just ended, who waits."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from functions.engine.ports.store import Document

#: How soon the store is asked again where nothing was free, at first and at last.
_SOON: Final = timedelta(seconds=0.5)
_LATER: Final = timedelta(seconds=5)


@dataclass(slots=True)
class OrgSlots:
    """The slots of one organisation's calls, as its document was when we read or wrote it last."""

    known_at: datetime | None = None  #: when it was read or written last; None: it has changed
    document: Document | None = None
    #: Calls that have ended, and hold a slot that was taken before; a later one is another's.
    ended: dict[str, datetime] = field(default_factory=dict)
    lock: asyncio.Lock = field(
        default_factory=asyncio.Lock
    )  #: one change by this process at a time
    _pause: timedelta = _SOON
    _freed: asyncio.Event = field(default_factory=asyncio.Event)
    _written: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, document: Document | None, now: datetime) -> None:
        """Note how the document stands."""
        self.known_at, self.document = now, document

    def forget(self) -> None:
        """Read the document before it is relied on: it has changed."""
        self.known_at = self.document = None

    def held(self, now: datetime) -> dict[str, datetime]:
        """Return who holds a slot, and until when at the latest."""
        stored = self.document.data["held"] if self.document else {}
        return {id_: until for id_, until in stored.items() if until > now}

    def taken(self, now: datetime) -> dict[str, datetime]:
        """Return who holds a slot and has not ended."""
        held, ended = self.held(now), self.ended
        return {id_: until for id_, until in held.items() if until > ended.get(id_, now)}

    def room(self, until: datetime) -> int:
        """Return how many calls the organisation may have, of those that end by `until`."""
        if self.document is None or self.document.data["room_until"] < until:
            return 0
        room: int = self.document.data["room"]
        return room

    def look_at(self, until: datetime) -> datetime | None:
        """Return when to ask the store again, where nothing is free; None: at once."""
        if self.known_at is None or self.document is None:
            return None
        if self.document.data["room_until"] < until:
            return None
        return self.known_at + self._pause

    def looked(self, *, found: bool) -> None:
        """Note whether asking has helped: in vain, it is done less and less often."""
        self._pause = _SOON if found else min(2 * self._pause, _LATER)

    # --- Ends ---------------------------------------------------------------------------------

    def end(self, ids: Collection[str], until: datetime) -> None:
        """Note that calls have ended, and wake whoever waits for a slot.

        Theirs are the slots that free themselves by `until`.
        """
        self.ended |= dict.fromkeys(ids, until)
        self._freed.set()
        self._freed = asyncio.Event()

    def knows(self, ids: Collection[str], now: datetime) -> bool:
        """Tell whether messages hold slots, as far as we know."""
        held = self.held(now)
        return all(id_ in held for id_ in ids)

    def written(self, ended: Mapping[str, datetime]) -> None:
        """Note that the ends of calls are durable."""
        for id_, until in ended.items():
            if self.ended.get(id_) == until:
                del self.ended[id_]
        self._written.set()
        self._written = asyncio.Event()

    async def wait_until_written(self, ids: Collection[str], seconds: float) -> None:
        """Wait for a commit of others to give slots back as well, but no longer than this."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while any(id_ in self.ended for id_ in ids):
                    await self._written.wait()

    async def wait_until_freed(self) -> None:
        """Wait for a call of this process to end."""
        await self._freed.wait()


class LiveSlots:
    """The slots of every organisation that this process makes calls for."""

    def __init__(self) -> None:
        self._orgs: dict[str, OrgSlots] = {}

    def of(self, org: str) -> OrgSlots:
        """Return what is known of an organisation's slots."""
        return self._orgs.setdefault(org, OrgSlots())
