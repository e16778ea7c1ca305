"""A custom event: what is told of somebody, and what is stored of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias
from uuid import uuid4

from functions.domain.digest import digest
from functions.domain.errors import EventExistsError

#: For how long an event is kept; what it has led to stays.
KEPT_FOR: Final = timedelta(days=90)

Value: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """What a caller tells of somebody, by one of these; addresses in their stored spelling."""

    name: str
    id: str = ""  #: the caller's; "" for an event that is not told twice
    contact_id: str = ""
    address: str = ""  #: E.164, or e-mail in lower case
    subject: str = ""  #: what a caller calls whoever it is, where that is no contact
    key: str = ""  #: which of somebody's walks it is about, such as an order's
    at: datetime | None = None  #: when it happened; None: now
    data: Mapping[str, Value] = field(default_factory=dict)


@dataclass(slots=True)
class Telling:
    """An event that is being told of, and what has come of it so far."""

    event: NewEvent
    who: str  #: the id of whom it is about
    received_at: datetime
    id: str = ""  #: what callers know it by
    path_id: str = ""  #: what it is stored by: a caller's id may be any text
    stored: Mapping[str, Any] = field(default_factory=dict)  #: its fields, once it is
    entered: list[str] = field(default_factory=list)  #: the enrollments that it has begun
    heard_by: list[str] = field(default_factory=list)  #: those that it has marked
    repeated: bool = False  #: it was told before

    def __post_init__(self) -> None:
        """Give it an id, where its caller has given none."""
        self.id = self.event.id or uuid4().hex
        self.path_id = digest(self.id, size=16)

    @property
    def at(self) -> datetime:
        """When it happened, for us, as it is stored."""
        at: datetime = self.stored["at"]
        return at

    def new(self) -> Mapping[str, Any]:
        """Return what is to be stored of it. There are no events from the future."""
        event = self.event
        return {
            "id": self.id,
            "who": self.who,
            "name": event.name,
            "key": event.key,
            "at": min(event.at or self.received_at, self.received_at),
            "received_at": self.received_at,
            "data": dict(event.data),
            "entered": list(self.entered),
            "expires_at": self.received_at + KEPT_FOR,
        }

    def repeat(self, stored: Mapping[str, Any]) -> None:
        """Take over what was stored of it before. Raises EventExistsError of another event."""
        mine = {"name": self.event.name, "person": self.who, "key": self.event.key}
        theirs = {"name": stored["name"], "person": stored["who"], "key": stored["key"]}
        for name, value in mine.items():
            if value != theirs[name]:
                raise EventExistsError(name)
        self.stored, self.repeated = stored, True
        self.entered = list(stored["entered"])
