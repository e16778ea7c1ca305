"""What this process has reserved of the time of its rate scopes, some seconds ahead.

A process that dies takes it along: then the time lapses unused, and no rate is exceeded.
"""

from asyncio import Lock
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from functions.domain.sending_rules.rate_limit import HORIZON
from functions.engine.ports.store import Document
from functions.engine.process.last_used import LastUsed


@dataclass(slots=True)
class Span:
    """The part of a scope's time that is ours: from `free_at` to `until` it is not used yet."""

    looked_at: datetime | None = None  #: when the document was read or written last
    document: Document | None = None  #: as it was then
    free_at: datetime | None = None
    until: datetime | None = None
    reach: timedelta = HORIZON  #: how far ahead it was reserved last
    day: str = ""
    left: int = 0  #: messages of that day's allowance that are ours, while the sender warms up
    lock: Lock = field(default_factory=Lock)  #: one reservation of this process at a time

    def is_ours(self, document: Document | None) -> bool:
        """Tell whether nobody else has changed the scope since we looked at it."""
        return self.looked_at is not None and _version(self.document) == _version(document)

    def begins_at(self, document: Document | None) -> datetime | None:
        """Return from when a scope has room for us: what we have not used of it is still ours."""
        if document is None:
            return None
        stored: datetime | None = document.data.get("free_at")
        return (self.free_at if self.is_ours(document) else None) or stored

    def left_on(self, day: str) -> int:
        """Return how many messages of a day's allowance are ours."""
        return self.left if self.day == day else 0

    def set_aside(self) -> "Span":
        """Return what is ours and forget its time: none is used while the scope is changed.

        Of a day's allowance nothing is lost.
        """
        had = replace(self)
        self._take_over(Span())
        return had

    def put_back(self, had: "Span") -> None:
        """Make its time ours again: the scope has not changed."""
        self._take_over(had)

    def _take_over(self, other: "Span") -> None:
        self.looked_at, self.document = other.looked_at, other.document
        self.free_at, self.until, self.reach = other.free_at, other.until, other.reach


def _version(document: Document | None) -> int | None:
    return document.version if document else None


class Reserved(LastUsed[str, Span]):
    """The spans of this process, by their scopes' paths."""

    def of(self, path: str) -> Span:
        """Return the span of a scope, empty where nothing is reserved."""
        span = self.get(path)
        if span is None:
            span = Span()
            self.keep(path, span)
        return span
