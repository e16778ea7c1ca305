"""Allotments: how many of all live calls each organisation may have.

One document says how many each has been given, and each organisation's own document holds the same
number as its room. So a call changes its organisation's document alone. What one does not use
another may take over, which needs nothing of those who use the first: it lowers their room, on the
version that was read.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from functions.engine import paths
from functions.engine.kernel.commits.modify import modify
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Create, Document, Update, Write

#: An allotment outlives the calls that it was asked for by so much: then it is asked for again.
_SLACK: Final = timedelta(minutes=10)
#: For so long others know that an organisation has less than its share and wants more.
_LACKS: Final = timedelta(minutes=1)
#: Of so many others an organisation takes over what they do not use, at a time.
_OTHERS: Final = 10


class _Org(NamedTuple):
    """An organisation's document."""

    path: str
    document: Document | None
    held: int  #: calls under way
    room: int  #: how many it may have; those under way may be more

    @property
    def allotted(self) -> int:
        """How many of all calls are its own."""
        return max(self.held, self.room)

    def write(self, room: int, until: datetime) -> Write:
        """Return the write that gives it another room."""
        fields = {"room": room, "room_until": until}
        if self.document is None:
            return Create(self.path, {"held": {}, **fields})
        return Update(self.path, fields, self.document.version)


async def ask_for_room(engine: Engine, org: str, wanted: int, until: datetime) -> None:
    """Give an organisation more room for calls that end by `until`, if there is any.

    What is free is given to it, and where too little is, what others do not use, or have beyond an
    equal share while it has less.
    """
    asked = _Ask(engine, org, wanted, until)
    own = [paths.ALL_LIVE_CALLS, paths.live_calls(org)]
    others = await modify(engine.store, own, asked.take_what_is_free)
    if others:
        places = [*own, *(paths.live_calls(other) for other in others)]
        await modify(engine.store, places, lambda found: asked.take_over(others, found))


class _Ask:
    """What an organisation asks for."""

    def __init__(self, engine: Engine, org: str, wanted: int, until: datetime) -> None:
        self._engine = engine
        self._org = org
        self._wanted = wanted
        self._until = until

    def take_what_is_free(
        self, documents: list[Document | None]
    ) -> tuple[Sequence[str], list[Write]]:
        """Take what is free of all; return whom to take over from, where that is too little."""
        everybody, own = documents
        now = self._engine.clock.now()
        rooms, mine = _rooms(everybody, now), _org(self._org, own, now)
        rooms.pop(self._org, None)
        limits = self._engine.limits
        free = limits.live_calls_total - sum(each["room"] for each in rooms.values())
        if any(each["lacks_until"] > now for each in rooms.values()):
            free = min(free, self._share(rooms))
        room = max(0, min(limits.live_calls_per_org, free))
        by_size = sorted(rooms, key=lambda org: rooms[org]["room"], reverse=True)
        others = by_size[:_OTHERS] if self._lacks(mine, room) else []
        if room == mine.room and own is not None and own.data["room_until"] >= self._until:
            return others, []
        rooms[self._org] = self._entry(max(mine.held, room))
        return others, [_everybody(everybody, rooms), mine.write(room, self._until + _SLACK)]

    def take_over(
        self, others: Sequence[str], documents: list[Document | None]
    ) -> tuple[None, list[Write]]:
        """Take over what others do not use, and have them give up what they have beyond a share."""
        everybody, own, *found = documents
        now = self._engine.clock.now()
        rooms, mine = _rooms(everybody, now), _org(self._org, own, now)
        most, share = self._engine.limits.live_calls_per_org, self._share(rooms)
        gained, writes = 0, list[Write]()
        for org, document in zip(others, found, strict=True):
            had, other = rooms.get(org), _org(org, document, now)
            if had is None or document is None:
                continue
            idle = min((other.room - other.held + 1) // 2, most - mine.room - gained)
            beyond = min(other.room - share, share - mine.room - gained)
            kept = other.room - max(0, min(self._wanted - gained, max(idle, beyond)))
            after = other._replace(room=kept)
            gained += had["room"] - after.allotted
            if kept != other.room:
                writes.append(other.write(kept, document.data["room_until"]))
            rooms[org] = {**had, "room": after.allotted}
        room = min(most, mine.room + gained)
        had = rooms.get(self._org)
        lacks = room < min(share, mine.held + self._wanted)
        if not gained and not writes and not (lacks and _is_forgotten(had, now)):
            return None, []
        entry = self._entry(max(mine.held, room))
        rooms[self._org] = {**entry, "lacks_until": now + _LACKS} if lacks else entry
        own_write = mine.write(room, self._until + _SLACK)
        return None, [_everybody(everybody, rooms), own_write, *writes]

    def _lacks(self, mine: _Org, room: int) -> bool:
        """Tell whether the organisation could use more than it has."""
        return mine.held >= room and room < self._engine.limits.live_calls_per_org

    def _share(self, rooms: Mapping[str, Any]) -> int:
        """Return how many calls each organisation may have that has been given any, and ours."""
        return self._engine.limits.live_calls_total // len({*rooms, self._org})

    def _entry(self, room: int) -> dict[str, Any]:
        until = self._until + _SLACK
        return {"room": room, "until": until, "lacks_until": self._engine.clock.now()}


def _rooms(everybody: Document | None, now: datetime) -> dict[str, dict[str, Any]]:
    """Return what each organisation was given and may still make use of."""
    given: Mapping[str, dict[str, Any]] = everybody.data["rooms"] if everybody else {}
    return {org: each for org, each in given.items() if each["until"] > now and each["room"]}


def _is_forgotten(entry: Mapping[str, Any] | None, now: datetime) -> bool:
    """Tell whether others will soon not know any more that an organisation lacks room."""
    return entry is None or entry["lacks_until"] - now < _LACKS / 2


def _org(org: str, document: Document | None, now: datetime) -> _Org:
    path = paths.live_calls(org)
    if document is None:
        return _Org(path, None, 0, 0)
    stored = document.data
    held = sum(until > now for until in stored["held"].values())
    return _Org(path, document, held, stored["room"] if stored["room_until"] > now else 0)


def _everybody(document: Document | None, rooms: Mapping[str, Any]) -> Write:
    fields = {"rooms": dict(rooms)}
    if document is None:
        return Create(paths.ALL_LIVE_CALLS, fields)
    return Update(paths.ALL_LIVE_CALLS, fields, document.version)
