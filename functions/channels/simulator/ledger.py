"""The simulated carrier's own book: what it really placed, calls and texts, and how each ended.

It knows nothing of our store, so it can prove what our store claims. It is a file of JSON lines,
each written with one call of the operating system before the carrier answers, and so survives
kill -9 of this process.
"""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from functions.domain.digest import digest
from functions.domain.messages.delivery_events import MessageRef


class PlacedCall(NamedTuple):
    """One line of the book: a person's phone has been rung."""

    id: str
    ref: MessageRef
    attempt: int
    to: str
    machine_detection: str
    at: datetime


class Hangup(NamedTuple):
    """One line of the book: the carrier has no more to say of this call."""

    id: str
    outcome: str
    duration_s: int
    at: datetime


class TakenText(NamedTuple):
    """One line of the book: a text is on its way to a person."""

    id: str
    ref: MessageRef
    attempt: int
    to: str
    digest: str  #: of what it says, see `digest_of`
    at: datetime


class Receipt(NamedTuple):
    """One line of the book: the carrier has no more to say of this text."""

    id: str
    outcome: str
    at: datetime


class Recall(NamedTuple):
    """One line of the book: this call or text was taken back, and reaches nobody."""

    id: str
    at: datetime


def digest_of(body: str) -> str:
    """Return what the book keeps of a text: enough to compare, not to read."""
    return digest(body)


@dataclass
class Ledger:
    """What a book says."""

    opened_at: datetime | None = None
    placed: list[PlacedCall] = field(default_factory=list)
    ended: dict[str, Hangup] = field(default_factory=dict)  #: by call
    texts: list[TakenText] = field(default_factory=list)
    receipts: dict[str, Receipt] = field(default_factory=dict)  #: by text
    recalled: dict[str, Recall] = field(default_factory=dict)  #: by call or text

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
        return Counter(hangup.outcome for hangup in self.ended.values())

    @property
    def live(self) -> list[PlacedCall]:
        """Return the calls that have not ended."""
        over = self.ended.keys() | self.recalled.keys()
        return [call for call in self.placed if call.id not in over]

    @property
    def under_way(self) -> list[TakenText]:
        """Return the texts of which there is more to be told."""
        over = self.receipts.keys() | self.recalled.keys()
        return [text for text in self.texts if text.id not in over]

    def add(self, entry: dict[str, Any]) -> None:
        """Take in one line."""
        at = datetime.fromtimestamp(entry["at"], UTC)
        match entry["event"]:
            case "open":
                self.opened_at = self.opened_at or at
            case "call":
                made = (entry["call"], _ref(entry), entry["attempt"], entry["to"])
                self.placed.append(PlacedCall(*made, entry["machine_detection"], at))
            case "hangup":
                hangup = Hangup(entry["call"], entry["outcome"], entry["duration_s"], at)
                self.ended.setdefault(hangup.id, hangup)
            case "text":
                taken = (entry["text"], _ref(entry), entry["attempt"], entry["to"])
                self.texts.append(TakenText(*taken, entry["digest"], at))
            case "receipt":
                receipt = Receipt(entry["text"], entry["outcome"], at)
                self.receipts.setdefault(receipt.id, receipt)
            case "recall":
                self.recalled.setdefault(entry["id"], Recall(entry["id"], at))


def _ref(entry: dict[str, Any]) -> MessageRef:
    return MessageRef(entry["org"], entry["campaign"], entry["message"])


def read_ledger(path: Path) -> Ledger:
    """Read a carrier's book, also while the carrier is writing it."""
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
            self._write({"event": "open", "at": now.timestamp()})

    def read(self) -> Ledger:
        """Return what the book says now."""
        return read_ledger(self._path) if self._path else _ledger_of(self._lines)

    def call(self, call: PlacedCall) -> None:
        """Write down a call; it is safe once this returns."""
        self._write(
            {
                "event": "call",
                "call": call.id,
                **_person(call),
                "machine_detection": call.machine_detection,
                "at": call.at.timestamp(),
            }
        )

    def text(self, text: TakenText) -> None:
        """Write down a text; it is safe once this returns."""
        self._write(
            {
                "event": "text",
                "text": text.id,
                **_person(text),
                "digest": text.digest,
                "at": text.at.timestamp(),
            }
        )

    def hangup(self, hangup: Hangup) -> None:
        """Write down the end of a call."""
        self._write(
            {
                "event": "hangup",
                "call": hangup.id,
                "outcome": hangup.outcome,
                "duration_s": hangup.duration_s,
                "at": hangup.at.timestamp(),
            }
        )

    def receipt(self, receipt: Receipt) -> None:
        """Write down what has become of a text."""
        self._write(
            {
                "event": "receipt",
                "text": receipt.id,
                "outcome": receipt.outcome,
                "at": receipt.at.timestamp(),
            }
        )

    def recall(self, recall: Recall) -> None:
        """Write down what was taken back; it is safe once this returns."""
        self._write({"event": "recall", "id": recall.id, "at": recall.at.timestamp()})

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, entry: dict[str, Any]) -> None:
        line = orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE)
        if self._path is None:
            self._lines.append(line)
        elif self._file is None or os.write(self._file, line) != len(line):
            raise OSError(f"The carrier's ledger {self._path} is closed or its disk is full.")

    @staticmethod
    def _end_torn_line(file: int) -> None:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            os.write(file, b"\n")


def _person(placed: PlacedCall | TakenText) -> dict[str, Any]:
    """Return who a line is about, and which attempt to reach them."""
    return {**placed.ref._asdict(), "attempt": placed.attempt, "to": placed.to}


def _ledger_of(lines: Iterable[bytes]) -> Ledger:
    ledger = Ledger()
    for line in lines:
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue  # torn by a crash or still being written: what it tells was never answered for
        ledger.add(entry)
    return ledger
