"""What must hold after all the kills, by the provider's book and by what our store tells."""

from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from functions.domain.messages.message import FINAL, MessageStatus


class Taken(Protocol):
    """Something that a provider has really done for us."""

    @property
    def campaign(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def attempt(self) -> int: ...
    @property
    def to(self) -> str: ...
    @property
    def ended(self) -> bool: ...


class Call(NamedTuple):
    """A phone that really rang, in the words that carriers share."""

    campaign: str
    message: str
    attempt: int
    to: str
    ended: bool
    connected: bool  #: the person picked up and was spoken to
    counts: bool = True  #: against the attempts that a person may be bothered with


class Text(NamedTuple):
    """A text or mail that was really taken, in the words that providers share."""

    campaign: str
    message: str
    attempt: int
    to: str
    delivered: bool = False
    failed: bool = False  #: in the end, although it was taken
    told: bool = False  #: we have heard of its end, and said so

    @property
    def ended(self) -> bool:
        """Nothing more comes of it."""
        return self.delivered or self.failed


T = TypeVar("T", bound=Taken)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence(ABC, Generic[T]):
    """One campaign, told by three witnesses: the list, the store and the provider.

    A row of the store's holds message_id, number, status, reason and attempts.
    """

    people: frozenset[str]
    status: str
    rows: Sequence[Row]
    taken: Sequence[T]
    max_attempts: int = 3

    #: Where a person's story may end.
    ends: ClassVar[frozenset[str]]

    @property
    def unknown(self) -> int:
        """Count those of whom nobody knows whether they were reached."""
        return sum(row["status"] == MessageStatus.UNKNOWN for row in self.rows)

    @property
    def repeated(self) -> list[tuple[str, int]]:
        """Return the attempts that were made more than once."""
        made = Counter((each.message, each.attempt) for each in self.taken)
        return [attempt for attempt, times in made.items() if times > 1]

    def faults(self) -> list[str]:
        """Return a sentence for whatever must not be."""
        return [*self._too_many(), *self._list_and_store(), *self._store_and_provider()]

    @abstractmethod
    def too_often(self) -> Iterator[str]:
        """Say who was disturbed although they had been reached."""

    @abstractmethod
    def contradictions(self, row: Row, taken: Sequence[T]) -> Iterator[str]:
        """Compare how one person's row ends with what the provider did for them."""

    def counted(self) -> Iterator[T]:
        """Yield what counts against the attempts that a person may be bothered with."""
        yield from self.taken

    def _too_many(self) -> Iterator[str]:
        for message, attempt in self.repeated:
            yield f"attempt {attempt} of {message} was made twice"
        yield from self.too_often()
        for message, count in Counter(each.message for each in self.counted()).items():
            if count > self.max_attempts:
                yield f"{message} was tried {count} times"

    def _list_and_store(self) -> Iterator[str]:
        told = Counter(row["number"] for row in self.rows)
        for number in sorted(self.people | set(told)):
            if told[number] != (number in self.people):
                yield f"{number} stands {told[number]} times in the report"
        for row in self.rows:
            if row["status"] not in self.ends:
                yield f"{row['number']} ended as {row['status']}: {row}"
        if self.status not in {"completed", "failed"}:
            yield f"the campaign ended as {self.status}"
        if self.status == "failed" and any(r["status"] != "failed" for r in self.rows):
            yield "the campaign failed, although not everybody did"

    def _store_and_provider(self) -> Iterator[str]:
        taken: dict[str, list[T]] = defaultdict(list)
        for each in self.taken:
            taken[each.message].append(each)
        rows = {row["message_id"].rpartition(".")[2]: row for row in self.rows}
        for message in taken.keys() - rows.keys():
            yield f"the store does not know {message}, who was reached"
        for message, row in rows.items():
            for fault in self._about(row, taken[message]):
                yield f"{fault}: {row}"

    def _about(self, row: Row, taken: Sequence[T]) -> Iterator[str]:
        if any(each.to != row["number"] for each in taken):
            yield "somebody else was reached"
        if any(each.attempt > row["attempts"] for each in taken):
            yield "more attempts were made than the store counts"
        yield from self.contradictions(row, taken)


@dataclass(frozen=True, slots=True)
class CallEvidence(Evidence[Call]):
    """A campaign of calls."""

    ends = FINAL | {MessageStatus.UNKNOWN}

    def too_often(self) -> Iterator[str]:
        """Say who was called after a conversation."""
        heard: set[str] = set()
        for call in self.taken:
            if call.message in heard:
                yield f"{call.to} was called again (attempt {call.attempt}) after a conversation"
            if call.connected:
                heard.add(call.message)

    def counted(self) -> Iterator[Call]:
        """Yield the calls without those in which nobody ever spoke."""
        return (call for call in self.taken if call.counts)

    def contradictions(self, row: Row, taken: Sequence[Call]) -> Iterator[str]:
        """Whether there was a conversation must be told alike."""
        status = row["status"]
        if not row["reason"] and status != MessageStatus.COMPLETED:
            yield "no reason is given"
        connected = any(call.connected for call in taken)
        if connected and status not in {MessageStatus.COMPLETED, MessageStatus.UNKNOWN}:
            yield "there was a conversation, which the store denies"
        if status == MessageStatus.COMPLETED and not connected:
            yield "there was no conversation, which the store claims"


#: How a text stands that is known to have arrived.
_ARRIVED = frozenset({MessageStatus.DELIVERED, MessageStatus.READ})
#: How one may stand that was taken: what became of it, or whether it was taken, may be lost.
_TAKEN = _ARRIVED | {MessageStatus.SENT, MessageStatus.UNKNOWN}


@dataclass(frozen=True, slots=True)
class TextEvidence(Evidence[Text]):
    """A campaign of texts or mails."""

    ends = FINAL | _TAKEN

    def too_often(self) -> Iterator[str]:
        """Say who was sent a text after one that had not failed."""
        reached: set[str] = set()
        for text in self.taken:
            if text.message in reached:
                yield f"{text.to} was sent another (attempt {text.attempt}) after one was taken"
            if not text.failed:
                reached.add(text.message)

    def contradictions(self, row: Row, taken: Sequence[Text]) -> Iterator[str]:
        """Whether it was taken, arrived or failed must be told alike, as far as we were told."""
        status = row["status"]
        arrived = [text for text in taken if text.delivered]
        last = [text for text in taken if text.attempt == row["attempts"]]
        if not row["reason"] and status not in _TAKEN - {MessageStatus.UNKNOWN}:
            yield "no reason is given"
        if arrived and status not in (_ARRIVED if arrived[0].told else _TAKEN):
            yield "it has arrived, which the store denies"
        if status in _ARRIVED and not arrived:
            yield "it has not arrived, which the store claims"
        if status == MessageStatus.SENT and not last:
            yield "it was not taken, which the store claims"
        if any(text.failed and text.told for text in last) and status != MessageStatus.FAILED:
            yield "it has failed, which the store denies"
