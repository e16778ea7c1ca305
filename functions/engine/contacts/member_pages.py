"""Pages of lists: who is on a list stands in pages, in the order of adding.

A page holds up to 500 rows, in orgs/{org}/lists/{id}/pages/{number}; a contact knows the number of
its page on each list. A row that is taken off leaves its place empty, so that the others stay
where they are, and whoever reads page by page neither misses nor repeats anybody. Numbers of pages
are never used again.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from operator import itemgetter
from sys import intern
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from functions.domain.contacts.contact import row_fields
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.parts import in_parts
from functions.engine.ports.store import Create, Delete, Document, Query, Update, Write

_R = TypeVar("_R", Mapping[str, Any], Mapping[str, Any] | None)

Row: TypeAlias = Mapping[str, Any]
"""What a list keeps of somebody: id of the contact, address, region, zones, attributes if any."""

#: Places of a page.
MOST: Final = 500
#: Characters of a page: of four bytes each they still fit into a document.
_CHARACTERS: Final = 200_000
#: Characters that a row takes besides what it says: names of fields, and its contact's id.
_AROUND: Final = 100
#: Pages that are read at once.
_AT_ONCE: Final = 4
_NONE: Final[Mapping[str, str]] = {}


def row_of(id_: str, contact: Mapping[str, Any], own: Mapping[str, Any]) -> Row:
    """Return the row of a contact by its stored fields, and by what the list itself says."""
    said = {name: value for name, value in own.items() if value or name != "attributes"}
    return {"id": id_, **row_fields(contact), **said}


def page_path(home: str, number: int) -> str:
    """Return the path of a page of the list at `home`: pages sort by their numbers."""
    return f"{paths.pages(home)}/{number:08d}"


class Placed(NamedTuple):
    """Where rows go on a list."""

    numbers: dict[str, int]  #: of the contacts' pages, by the contacts' ids
    writes: list[Write]
    pages: int  #: how many of them are new


async def last_page(engine: Engine, home: str, count: int, joining: int) -> Document | None:
    """Return the last of a list's `count` pages, for so many who may find room on it.

    Many have pages of their own: several who add many at once do not wait for each other.
    """
    if count == 0 or joining >= MOST // 2:
        return None
    return await engine.store.get(page_path(home, count - 1))


def place(home: str, count: int, last: Document | None, rows: Sequence[Row]) -> Placed:
    """Put rows on a list of `count` pages: on the last one if it has room for all, else on new."""
    before = last.data["rows"] if last is not None else []
    whole = [*before, *rows]
    if last is not None and len(list(_parts(whole))) == 1:
        grown = Update(last.path, {"rows": whole}, last.version)
        return Placed({row["id"]: count - 1 for row in rows}, [grown], 0)
    parts = dict(enumerate(_parts(rows), count))
    numbers = {row["id"]: number for number, part in parts.items() for row in part}
    created = [Create(page_path(home, number), {"rows": part}) for number, part in parts.items()]
    return Placed(numbers, list(created), len(parts))


def _parts(rows: Sequence[_R]) -> Iterator[list[_R]]:
    """Yield the rows by what fits into a page; an empty place is None."""
    return in_parts(rows, _length, largest=_CHARACTERS, most=MOST)


def _length(row: Row | None) -> int:
    if row is None:
        return 0
    said = sum(len(name) + len(text) for name, text in row.get("attributes", {}).items())
    return _AROUND + sum(map(len, row["zones"])) + said


class Left(NamedTuple):
    """What taking people off lists writes, and how many leave each list, by its path."""

    writes: list[Write]
    by_home: Counter[str]


async def take_off(engine: Engine, people: Iterable[tuple[str, str]]) -> Left:
    """Take people off pages, each by their page's path and their id, as far as they are there."""
    places = defaultdict[str, set[str]](set)
    for path, id_ in people:
        places[path].add(id_)
    left = Left([], Counter())
    found = await engine.store.get_many(list(places)) if places else []
    for page in found:
        if page is None:
            continue  # with its list
        gone = places[page.path]
        rows = [None if row and row["id"] in gone else row for row in page.data["rows"]]
        leaving = rows.count(None) - page.data["rows"].count(None)
        if leaving:
            left.by_home[paths.parent(page.path)] += leaving
            left.writes.append(
                Update(page.path, {"rows": rows}, page.version)
                if any(rows)
                else Delete(page.path, page.version)
            )
    return left


class Position(NamedTuple):
    """A row, and the place behind it."""

    row: Row
    behind: int


async def from_place(engine: Engine, home: str, place: int) -> AsyncGenerator[Position, None]:
    """Yield the rows of a list from a place on, in the order of adding."""
    number, offset = divmod(place, MOST)
    start = (page_path(home, number - 1),) if number else None
    query = Query(paths.pages(home), limit=_AT_ONCE, start_after=start)
    async with aclosing(engine.store.stream(query)) as parts:
        async for part in parts:
            for page in part:
                first = int(page.id) * MOST
                skipped = offset if int(page.id) == number else 0
                for at, row in enumerate(page.data["rows"][skipped:], first + skipped):
                    if row is not None:
                        yield Position(row, at + 1)


Kept: TypeAlias = tuple[str, str, str, tuple[str, ...], Mapping[str, str]]
"""A row as a launch holds many: id, address, region, zones, attributes. No object is smaller."""


class Block(NamedTuple):
    """The rows of pages that follow one another, in the order of their contacts' ids."""

    rows: list[Kept]
    following: int | None  #: where the block of the next page begins; None at the end of the list


async def block(engine: Engine, home: str, numbers: range, *, with_attributes: bool) -> Block:
    """Read the pages with these numbers, as far as they are there."""
    rows: list[Kept] = []
    zones = _Once()
    start = (page_path(home, numbers.start - 1),) if numbers.start else None
    query: Query | None = Query(paths.pages(home), limit=_AT_ONCE, start_after=start)
    following = None
    while query is not None:
        pages = await engine.store.query(query)
        query = query.after(pages[-1]) if len(pages) == query.limit else None
        for page in pages:
            if int(page.id) in numbers:
                rows += _kept(page.data["rows"], zones, with_attributes=with_attributes)
        if pages and int(pages[-1].id) >= numbers[-1]:
            # Pages that are gone are passed over, however many: a list may have had many people.
            ahead = (int(page.id) for page in pages if int(page.id) not in numbers)
            following = _aligned(next(ahead, numbers.stop), numbers)
            query = None
    rows.sort(key=itemgetter(0))  # by nothing else: attributes have no order
    return Block(rows, following)


def _aligned(number: int, numbers: range) -> int:
    """Return where the block begins that a page belongs to, if all are as long as this one."""
    return number - number % len(numbers)


def _kept(rows: Sequence[Row | None], zones: "_Once", *, with_attributes: bool) -> Iterator[Kept]:
    for row in rows:
        if row is not None:
            said = row.get("attributes", _NONE) if with_attributes else _NONE
            region, own_zones = intern(row["region"]), zones[tuple(row["zones"])]
            yield row["id"], row["address"], region, own_zones, said


class _Once(dict[tuple[str, ...], tuple[str, ...]]):
    """Keeps of equal zones one: most people of a list share them."""

    def __missing__(self, zones: tuple[str, ...]) -> tuple[str, ...]:
        self[zones] = zones
        return zones
