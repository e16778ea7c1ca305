"""A message: the promise to contact one person at one time, and every rule of its statuses.

The functions return the fields that change. They know no clock and no store: the engine passes
the time and commits what they decide.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from functions.domain.messages.ids import fallback_number

Changes: TypeAlias = dict[str, Any]


class MessageStatus(StrEnum):
    """Where a message stands."""

    PENDING = "pending"  #: to be sent at next_at
    SENDING = "sending"  #: being handed to the provider; stored it is pending until the result
    UNKNOWN = "unknown"  #: handed to the provider, answer lost; never repeated blindly
    SENT = "sent"  #: the provider has taken it
    DELIVERED = "delivered"  #: it has reached the person's device: their phone rings
    ANSWERED = "answered"  #: somebody or something picked up
    READ = "read"  #: they have read the text, or opened the mail
    COMPLETED = "completed"  #: final: the call was answered and has ended
    FAILED = "failed"  #: final: the person was not reached
    SKIPPED = "skipped"  #: final: it was decided not to send it
    CANCELLED = "cancelled"  #: final: its campaign was cancelled first
    EXPIRED = "expired"  #: final: it could no longer be sent in time


_RANKED = (
    MessageStatus.PENDING,
    MessageStatus.SENDING,
    MessageStatus.UNKNOWN,
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.ANSWERED,
    MessageStatus.READ,
)
RANK: Final[Mapping[str, int]] = {status: rank for rank, status in enumerate(_RANKED)}
FINAL: Final = frozenset(MessageStatus) - frozenset(_RANKED)
#: With the provider, not known to have ended: texts,
TEXTS_IN_FLIGHT: Final = (MessageStatus.SENDING, MessageStatus.SENT)
#: and calls, which go on once they have reached a phone.
CALLS_IN_FLIGHT: Final = (*TEXTS_IN_FLIGHT, MessageStatus.DELIVERED, MessageStatus.ANSWERED)


class Message(NamedTuple):
    """One message, as stored under .../campaigns/{campaign}/messages/{id}. Instants are UTC."""

    id: str
    address: str
    status: str
    lane: str | None = None  #: who looks after it (see send_lane); None once nothing is left to do
    next_at: datetime | None = None  #: when its lane must look at it again
    due_at: datetime | None = None  #: when it was promised
    contact: str = ""  #: the contact's path; "" for a number that nobody has named
    region: str = ""
    zones: Sequence[str] = ()
    attempt: int = 0  #: grows each time it is handed to the provider
    deferrals: int = 0  #: how many of these attempts the provider put off: they do not count
    put_back: int = 0  #: how many of them never left us: they do not count either
    refusals: int = 0  #: how many of them were refused because of us: they do not count either
    provider_id: str = ""
    quotable_id: str = ""  #: the same, of channels whose replies name it: they find it by this
    alias: str = ""  #: the number that the provider knows the person by instead (ids.alias_key)
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: int = 0
    machine: bool = False
    reason: str = ""
    log: str = ""  #: of a callback: what it returned, or what went wrong in it
    send: str = ""  #: the key of the campaign's send that it goes by
    filled: bool = True  #: what it says stands in it; a fallback's is filled in at its turn
    followed: bool = False  #: a fallback's message follows, for this one did not reach the person
    body: str = ""  #: what a text message says: kept as it was sent
    subject: str = ""  #: of a mail
    html: str = ""  #: of a mail
    parameters: Sequence[str] = ()  #: of a text that the provider keeps the template of
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    clicked_at: datetime | None = None
    replied_at: datetime | None = None
    complained_at: datetime | None = None
    opted_out_at: datetime | None = None
    created_at: datetime | None = None
    enrollment: str = ""  #: the id of the walk that it is part of
    visit: int = 0  #: for which visit of its node it was made; 0 where it is of no plan
    listens: Sequence[str] = ()  #: events that its node and those behind it name
    ends: Sequence[str] = ()  #: events that end the walk
    following: Sequence[Mapping[str, Any]] = ()  #: of a node's send: its further fallbacks
    not_after: datetime | None = None  #: of a node's send: when it expires
    timed_at: datetime | None = None  #: when its node's first timer fires, where it leaves in time
    #: What was told of it: the last receipts by their ids (domain/messages/told.py).
    told: Sequence[Mapping[str, Any]] = ()

    @property
    def exhausted(self) -> bool:
        """True where a person was tried, not reached, and then not tried by the next channel."""
        left_out = self.status in {MessageStatus.SKIPPED, MessageStatus.EXPIRED}
        is_next = bool(self.send) and fallback_number(self.send) > 0
        return left_out and is_next and not self.followed and bool(self.address)

    @property
    def counted_attempts(self) -> int:
        """Attempts that count against the limit."""
        return self.attempt - self.uncounted

    @property
    def uncounted(self) -> int:
        """Attempts that do not count: nobody was tried by them."""
        return self.deferrals + self.put_back + self.refusals


_PLACES: Final[Mapping[str, int]] = {name: place for place, name in enumerate(Message._fields)}


def changed(message: Message, changes: Changes) -> Message:
    """Return a message with its changes, as `_replace` does that asks for each of fifty fields."""
    fields = list(message)
    for name, value in changes.items():
        fields[_PLACES[name]] = value
    return Message._make(fields)


class Addressed(Protocol):
    """Whom a message is for: a recipient, or the message before it."""

    @property
    def contact(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def zones(self) -> Sequence[str]: ...


def planned(
    to: Addressed, lane: str, due_at: datetime, now: datetime, more: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the stored fields of a new message that waits for `due_at` in a lane.

    `more` is what differs from a message's defaults: its send, its texts, why it waits.
    """
    return {
        "contact": to.contact,
        "address": to.address,
        "region": to.region,
        "zones": to.zones,
        "status": MessageStatus.PENDING,
        "lane": lane,
        "due_at": due_at,
        "next_at": due_at,
        "created_at": now,
        **more,
    }


def skipped(
    to: Addressed,
    reason: str,
    *,
    now: datetime,
    status: MessageStatus = MessageStatus.SKIPPED,
    **more: Any,
) -> dict[str, Any]:
    """Return the stored fields of a new message that is not sent, with the reason."""
    return {
        "contact": to.contact,
        "address": to.address,
        "region": to.region,
        "status": status,
        "reason": reason,
        "created_at": now,
        "ended_at": now,
        **more,
    }


def message_from(id_: str, data: Mapping[str, Any]) -> Message:
    """Rebuild a message from its stored fields."""
    return Message(id=id_, **data)
