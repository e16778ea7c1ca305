"""The simulated carrier's own book: what it really placed, calls and texts, and how each ended.

It knows nothing of our store, so it can prove what our store claims. It is a file of JSON lines,
each written with one call of the operating system before the carrier answers, and so survives
kill -9 of this process.
"""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import orjson

from functions.domain.digest import digest
from functions.domain.messages.delivery_events import MessageRef


class Placed(NamedTuple):
    """One line of the book: a person's phone has been rung, or a text is on its way to them."""

    id: str
    ref: MessageRef
    attempt: int
    to: str
    at: datetime
    machine_detection: str = ""  #: of a call
    digest: str = ""  #: of what a text says, see `digest_of`
    channel: str = ""  #: by what means; "" in books of old
    hears_ring: bool = False  #: of a call: its ringing is told


class End(NamedTuple):
    """One line of the book: the carrier has no more to say of this call or text."""

    id: str
    outcome: str
    at: datetime
    duration_s: int = 0  #: of a call


class Recall(NamedTuple):
    """One line of the book: this call or text was taken back, and reaches nobody."""

    id: str
    at: datetime


Line: TypeAlias = Placed | End | Recall


class Event(StrEnum):
    """What a line of the book is about."""

    OPEN = "open"
    CALL = "call"
    TEXT = "text"
    END = "end"
    RECALL = "recall"


def digest_of(body: str) -> str:
    """Return what the book keeps of a text: enough to compare, not to read."""
    return digest(body)


@dataclass
class Ledger:
    """What a book says."""

    opened_at: datetime | None = None
    placed: list[Placed] = field(default_factory=list)  #: calls
    texts: list[Placed] = field(default_factory=list)
    ended: dict[str, End] = field(default_factory=dict)  #: by call or text
    recalled: dict[str, Recall] = field(default_factory=dict)  #: the same way

    @property
    def calls(self) -> Counter[tuple[MessageRef, int]]:
        """Count the calls of each attempt of each message."""
        return Counter((call.ref, call.attempt) for call in self.placed)

    @property
    def addresses(self) -> Counter[str]:
        """Count the calls of each address."""
        return Counter(call.to for call in self.placed)

    @property
    def duplicates(self) -> list[tuple[MessageRef, int]]:
        """Return the attempts that rang a phone more than once: there must never be any."""
        return [attempt for attempt, count in self.calls.items() if count > 1]

    @property
    def texted_twice(self) -> list[MessageRef]:
        """Return the messages that were taken as a text more than once: never any, either.

        Unlike a call, a text that was taken is never tried again.
        """
        counts = Counter(text.ref for text in self.texts)
        return [ref for ref, count in counts.items() if count > 1]

    @property
    def hangups(self) -> Counter[str]:
        """Count the ended calls by outcome."""
        ends = (self.ended.get(call.id) for call in self.placed)
        return Counter(end.outcome for end in ends if end is not None)

    @property
    def live(self) -> list[Placed]:
        """Return the calls that have not ended."""
        return [call for call in self.placed if self.goes_on(call)]

    @property
    def under_way(self) -> list[Placed]:
        """Return the texts of which there is more to be told."""
        return [text for text in self.texts if self.goes_on(text)]

    def goes_on(self, placed: Placed) -> bool:
        """Tell whether the carrier has more to say of a call or text."""
        return placed.id not in self.ended and placed.id not in self.recalled

    def add(self, entry: dict[str, Any]) -> None:
        """Take in one line."""
        event = Event(entry.pop("event"))
        entry["at"] = datetime.fromisoformat(entry["at"])
        match event:
            case Event.OPEN:
                self.opened_at = self.opened_at or entry["at"]
            case Event.CALL | Event.TEXT:
                ref = MessageRef(*entry.pop("ref"))
                placed = self.placed if event is Event.CALL else self.texts
                placed.append(Placed(ref=ref, **entry))
            case Event.END:
                self.ended.setdefault(entry["id"], End(**entry))
            case Event.RECALL:
                self.recalled.setdefault(entry["id"], Recall(**entry))


def read_ledger(path: Path) -> Ledger:
    """Read a carrier's book, also while the carrier is writing it.

    Raises ValueError where another version of the carrier has written it.
    """
    return _ledger_of(path.read_bytes().splitlines())


class LedgerWriter:
    """Appends to a book in a file, or in memory where there is no path."""

    def __init__(self, path: Path | None, *, now: datetime) -> None:
        self._path = path
        self._lines: list[bytes] = []
        self._file: int | None = None
        if path is not None:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            self._end_torn_line(self._file)
        if self.read().opened_at is None:
            self._write({"event": Event.OPEN, "at": now})

    def read(self) -> Ledger:
        """Return what the book says now."""
        return read_ledger(self._path) if self._path else _ledger_of(self._lines)

    def write(self, event: Event, line: Line) -> None:
        """Write a line; it is safe once this returns."""
        self._write({"event": event, **line._asdict()})

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, entry: dict[str, Any]) -> None:
        line = orjson.dumps(entry, default=list, option=orjson.OPT_APPEND_NEWLINE)
        if self._path is None:
            self._lines.append(line)
        elif self._file is None or os.write(self._file, line) != len(line):
            raise OSError(f"The carrier's ledger {self._path} is closed or its disk is full.")

    @staticmethod
    def _end_torn_line(file: int) -> None:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            os.write(file, b"\n")


def _ledger_of(lines: Iterable[bytes]) -> Ledger:
    ledger = Ledger()
    for number, line in enumerate(lines, 1):
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue  # torn by a crash or still being written: what it tells was never answered for
        try:
            ledger.add(entry)
        except (AttributeError, LookupError, TypeError, ValueError):
            sentence = f"line {number} was written by another version; move the file away"
            raise ValueError(sentence) from None
    return ledger
