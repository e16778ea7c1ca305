"""Imports: rows a second against the same rows inserted by hand, and peak memory of both sizes.

By hand: csv.reader and prepared statements on the store's own table, as large commits as ours;
once with every row read by our rules, once with the phone numbers alone, once with nothing checked.
"""

import asyncio
import csv
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

from benchmarks.memory import peak_kb
from benchmarks.report import Row
from benchmarks.rig import INDEXES, engine_on
from benchmarks.salted import contact_id
from functions.domain.contacts.import_row import Cell, contact_row, fields_of
from functions.domain.contacts.phones import parse_phone
from functions.engine import paths
from functions.engine.imports import jobs
from functions.engine.imports.row_files import FileFormat
from functions.engine.imports.upload import ImportRequest, Upload
from functions.engine.kernel.engine import Limits
from functions.engine.ports.store import Query, Store
from functions.stores.sqlite.store import SqliteStore

_ROWS, _ROUNDS = 20_000, 5
_SIZES = 10_000, 100_000, 1_000_000
_PIECE: Final = 65_536
_AT: Final = "@2026-11-22T08:31:44.123456+00:00"


async def measure() -> list[Row]:
    """Measure the speed in turns with the hand-written inserts, then the memory."""
    samples = _Samples()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        store = SqliteStore(path, INDEXES)
        await _import(store, "warm-up", 1000)
        for number in range(_ROUNDS):
            samples.ours.append(await _import(store, f"org-{number}", _ROWS))
            for how, read in _READ.items():
                samples.by_hand[how].append(_by_hand(path, f"{how} {number}", read))
        await store.close()
    return [*samples.rows(), *await _memory()]


@dataclass(slots=True)
class _Samples:
    """Seconds, one sample a round."""

    ours: list[float] = field(default_factory=list)
    by_hand: dict[str, list[float]] = field(default_factory=lambda: {how: [] for how in _READ})

    def rows(self) -> list[Row]:
        """Return the figures; each ratio is the median of the rounds' own."""
        return [self._row(how, bound) for how, bound in self.by_hand.items()]

    def _row(self, how: str, bound: list[float]) -> Row:
        ratio = statistics.median(b / a for a, b in zip(self.ours, bound, strict=True))
        ours, theirs = (_ROWS / statistics.median(each) for each in (self.ours, bound))
        goal = ">= 0.5" if how == _SAME else "told"
        name = f"import of {_ROWS:,} rows, SQLite"
        return Row(name, f"{ours:,.0f}/s", f"by hand, {how}: {theirs:,.0f}/s", ratio, goal)


def _lines(size: int) -> Iterator[str]:
    yield "phone,first_name,last_name,city\n"
    for number in range(size):
        yield f"+1202{2_000_000 + number},Person {number},Smith,Washington\n"


async def _import(store: Store, org: str, size: int) -> float:
    """Import so many rows, from the upload to the end; return the seconds."""
    engine = engine_on(store, kinds=())
    start = time.perf_counter()
    upload = Upload(engine, org)
    piece = ""
    for line in _lines(size):
        piece += line
        if len(piece) >= _PIECE:
            await upload.write(piece.encode())
            piece = ""
    await upload.write(piece.encode())
    job = await upload.finish(ImportRequest(name="bench.csv", format=FileFormat.CSV, by="bench"))
    await jobs.run(engine, org, job.id)
    seconds = time.perf_counter() - start
    assert await store.count(Query(paths.contacts(org))) == size
    return seconds


# --- By hand ---------------------------------------------------------------------------------


_COLUMNS: Final = ("phone", "first_name", "last_name", "city")
_FIELDS: Final = fields_of(_COLUMNS, {})
Read: TypeAlias = Callable[[list[str]], tuple[str, str, Sequence[str]]]
"""What reads a row's number, region and zones by hand."""


def _by_our_rules(row: list[str]) -> tuple[str, str, Sequence[str]]:
    details = contact_row(map(Cell, _COLUMNS, _FIELDS, row))
    return details["phone"], details["region"], details["zones"]


def _phones_alone(row: list[str]) -> tuple[str, str, Sequence[str]]:
    phone = parse_phone(row[0])
    return phone.e164, phone.region, phone.zones


def _nothing(row: list[str]) -> tuple[str, str, Sequence[str]]:
    return row[0], "US", ("America/New_York",)


_SAME: Final = "read by our rules"
_READ: Final[Mapping[str, Read]] = {
    _SAME: _by_our_rules,
    "phones read": _phones_alone,
    "nothing read": _nothing,
}


def _by_hand(path: Path, org: str, read: Read) -> float:
    """Read the rows and insert them, a page a transaction; return the seconds."""
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;")
    collection = paths.contacts(org)
    insert = "INSERT INTO parents (path) VALUES (?) RETURNING id"
    parent = db.execute(insert, (collection,)).fetchone()[0]
    start = time.perf_counter()
    rows = csv.reader(_lines(_ROWS))
    next(rows)
    page: list[tuple[Any, ...]] = []
    for row in rows:
        page.append(_row(parent, collection, row, *read(row)))
        if len(page) == Limits().launch_page:
            _insert(db, page)
            page = []
    _insert(db, page)
    seconds = time.perf_counter() - start
    db.close()
    return seconds


def _row(
    parent: int, collection: str, row: list[str], phone: str, region: str, zones: Sequence[str]
) -> tuple[Any, ...]:
    id_ = contact_id(phone)
    document = {
        "phone": phone,
        "first_name": row[1],
        "last_name": row[2],
        "region": region,
        "zones": zones,
        "active": True,
        "created_at": _AT,
        "updated_at": _AT,
        "imported_by": "0123456789abcdef0123456789abcdef",
        "attr_city": row[3],
    }
    return parent, id_, f"{collection}/{id_}", 1, orjson.dumps(document).decode()


def _insert(db: sqlite3.Connection, page: list[tuple[Any, ...]]) -> None:
    page.sort(key=lambda row: str(row[1]))
    db.execute("BEGIN IMMEDIATE")
    db.executemany(
        "INSERT INTO docs_contacts (parent, id, path, version, doc) VALUES (?, ?, ?, ?, ?)", page
    )
    db.execute("COMMIT")


# --- Memory ----------------------------------------------------------------------------------


async def _memory() -> list[Row]:
    """Measure the peak of each size; from the first to the second SQLite's caches fill."""
    peaks = [await _peak_mb(size) for size in _SIZES]
    return [
        Row(
            f"peak memory, import of {size:,} rows",
            f"{peak:.0f} MB",
            f"{before:.0f} MB for {fewer:,}",
            peak / before,
            "flat" if fewer > min(_SIZES) else "told",
        )
        for (fewer, before), (size, peak) in pairwise(zip(_SIZES, peaks, strict=True))
    ]


async def _peak_mb(size: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = (sys.executable, "-m", "benchmarks.imports", f"{folder}/bench.db", str(size))
        done = await asyncio.to_thread(
            subprocess.run, command, check=True, capture_output=True, text=True
        )
    return float(done.stdout.splitlines()[-1])


async def _import_alone(path: Path, size: int) -> None:
    store = SqliteStore(path, INDEXES)
    await _import(store, "bench", size)
    await store.close()


if __name__ == "__main__":
    asyncio.run(_import_alone(Path(sys.argv[1]), int(sys.argv[2])))
    print(peak_kb() / 1024)
