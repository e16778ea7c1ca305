"""Lists: people who are written to together.

Who is on a list stands in its pages (member_pages.py); its size is kept with every change of them.
Imports count size and pages from the beginning, and name the list at its end: until then it is
hidden. A list that is being deleted is hidden first and goes last, so that nothing is left of it
that nobody refers to.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeGuard
from uuid import uuid4

import structlog

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.contacts.contact import Contact, contact_from, is_being_erased
from functions.domain.errors import InvalidFieldError, NameTakenError, NotFoundError
from functions.engine import paths
from functions.engine.contacts import contacts, list_names, member_pages
from functions.engine.contacts.in_use import refuse_while_used
from functions.engine.contacts.member_pages import Position, Row
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.modify import at_version, modify, retried
from functions.engine.kernel.paging import named, page_where
from functions.engine.kernel.removal import remove_all
from functions.engine.kernel.versioned import Versioned
from functions.engine.ports.store import (
    Add,
    ConflictError,
    Create,
    Delete,
    Document,
    Query,
    Update,
    Write,
)

log = structlog.get_logger()

_DELETING: Final = "deleting"
#: Pages of a list that one commit removes.
_PAGE: Final = 20
#: Lists that one commit takes somebody off: it writes a whole page of each.
_LEFT_AT_ONCE: Final = 10
#: As many a contact may know without anybody asking whether they are still there.
_FEW_LISTS: Final = 64


@dataclass(frozen=True, slots=True)
class PeopleList:
    """A list, as stored under orgs/{org}/lists/{id}."""

    id: str
    name: str
    size: int
    created_at: datetime


async def create(engine: Engine, org: str, name: str) -> Versioned[PeopleList]:
    """Create an empty list. Raises NameTakenError."""
    made = PeopleList(uuid4().hex, name, 0, engine.clock.now())
    fields = {"name": name, "size": 0, "pages": 0, "created_at": made.created_at}
    claim = await list_names.claim(engine, org, name, made.id)
    try:
        version, _ = await engine.store.commit(Create(paths.list_(org, made.id), fields), claim)
    except ConflictError:
        raise NameTakenError("List", name) from None
    log.info("list_created", org=org, list_id=made.id)
    return Versioned(made, version)


async def load(engine: Engine, org: str, id_: str) -> Versioned[PeopleList]:
    """Return a list. Raises NotFoundError, also for one of another organisation."""
    return _found(await engine.store.get(paths.list_(org, id_)), id_)


def _found(document: Document | None, id_: str) -> Versioned[PeopleList]:
    stored = _at_version(document, id_, None)
    return Versioned(_list(stored), stored.version)


def _at_version(document: Document | None, id_: str, if_version: int | None) -> Document:
    """Return a list that is made and that nobody deletes. Raises NotFoundError and StaleError."""
    return at_version(document if is_shown(document) else None, "List", id_, if_version)


def is_shown(document: Document | None) -> TypeGuard[Document]:
    """Tell whether a list is there for everybody: made to the end, and not being deleted."""
    return document is not None and "name" in document.data and not document.data.get(_DELETING)


def _list(document: Document) -> PeopleList:
    data = document.data
    return PeopleList(document.id, data["name"], data["size"], data["created_at"])


async def rename(
    engine: Engine, org: str, id_: str, name: str, *, if_version: int | None
) -> Versioned[PeopleList]:
    """Give a list another name, at `if_version` if given.

    Raises NotFoundError, StaleError and NameTakenError.
    """
    await load(engine, org, id_)
    claim = await list_names.claim(engine, org, name, id_)

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        stored = _at_version(documents[0], id_, if_version)
        before = stored.data["name"]
        if before == name:
            return None, []
        renamed = Update(stored.path, {"name": name}, stored.version)
        return None, [renamed, claim, list_names.release(org, before)]

    await modify(engine.store, [paths.list_(org, id_)], decide)
    return await load(engine, org, id_)


class Page(NamedTuple):
    """Some lists, the newest first, and the last of them where more follow."""

    lists: list[PeopleList]
    end: PeopleList | None


async def page_of(
    engine: Engine,
    org: str,
    *,
    limit: int,
    after: tuple[datetime, str] | None,
    name_prefix: str = "",
) -> Page:
    """Return a page of an organisation's lists, behind the time and id of the last one seen."""
    query = Query(paths.lists(org), (), ("-created_at",), limit=limit)
    if after is not None:
        query = replace(query, start_after=(after[0], paths.list_(org, after[1])))
    documents, last = await page_where(engine, query, named(name_prefix))
    return Page(shown(documents), _list(last) if last else None)


def shown(documents: Iterable[Document | None]) -> list[PeopleList]:
    """Return the lists that are still there and that nobody is deleting."""
    return [_list(each) for each in documents if is_shown(each)]


async def add(engine: Engine, org: str, id_: str, contact_ids: Sequence[str]) -> int:
    """Put contacts on a list; return how many were not on it yet.

    Raises NotFoundError for the list or a contact, with nobody added.
    """
    home, ids = paths.list_(org, id_), list(dict.fromkeys(contact_ids))

    async def attempt() -> int:
        wanted = [home, *(paths.contact(org, each) for each in ids)]
        stored, *people = await engine.store.get_many(wanted)
        count = _at_version(stored, id_, None).data["pages"]
        found = contacts.all_found(people, ids)
        fresh = [each for each in found if id_ not in each.data["list_pages"]]
        if fresh:
            last = await member_pages.last_page(engine, home, count, len(fresh))
            rows = [member_pages.row_of(each.id, each.data, {}) for each in fresh]
            placed = member_pages.place(home, count, last, rows)
            gone = await gone_among(engine, org, fresh)
            known = [_on_page(each, id_, placed.numbers[each.id], gone) for each in fresh]
            grown = Add(home, {"size": len(fresh), "pages": placed.pages}, must_exist=True)
            await engine.store.commit(grown, *placed.writes, *known)
        return len(fresh)

    added = await retried(attempt, home)
    log.info("list_extended", org=org, list_id=id_, added=added)
    return added


async def gone_among(engine: Engine, org: str, joining: Iterable[Document]) -> Collection[str]:
    """Return lists that are no more and that contacts who join another still know.

    They are looked for only when what somebody knows has doubled, so that it costs next to nothing
    and nobody knows more than twice as many lists as there are, or the first few.
    """
    many = [pages for each in joining if _has_doubled(len(pages := each.data["list_pages"]) + 1)]
    asked = list(set().union(*many))
    found = await engine.store.get_many([paths.list_(org, id_) for id_ in asked]) if asked else []
    return {id_ for id_, home in zip(asked, found, strict=True) if home is None}


def _has_doubled(count: int) -> bool:
    return count >= _FEW_LISTS and count.bit_count() == 1


def _on_page(contact: Document, list_id: str, number: int, gone: Collection[str]) -> Write:
    """Return the write that has a contact know its page; it fails once the contact has changed."""
    pages = {**without(contact, *gone), list_id: {"page": number}}
    return Update(contact.path, {"list_pages": pages}, contact.version)


def without(contact: Document, *list_ids: str) -> dict[str, Any]:
    """Return the pages that a contact is on, but for those of some lists."""
    return {each: page for each, page in contact.data["list_pages"].items() if each not in list_ids}


async def remove(engine: Engine, org: str, id_: str, contact_id: str) -> None:
    """Take somebody off a list. Raises NotFoundError for the list, or where they are not on it."""
    home = paths.list_(org, id_)

    async def attempt() -> None:
        stored, contact = await engine.store.get_many([home, paths.contact(org, contact_id)])
        _found(stored, id_)
        if contact is None or id_ not in contact.data["list_pages"]:
            raise NotFoundError("Contact", contact_id)
        page = member_pages.page_path(home, contact.data["list_pages"][id_]["page"])
        left = await member_pages.take_off(engine, {page: [contact_id]})
        forgot = Update(contact.path, {"list_pages": without(contact, id_)}, contact.version)
        shrunk = Add(home, {"size": -left.by_home[home]}, must_exist=True)
        await engine.store.commit(*left.writes, forgot, shrunk)

    await retried(attempt, home)


async def leave_all(engine: Engine, contact: str) -> None:
    """Take the contact at this path off every list."""
    org, id_ = paths.ids(contact)

    async def attempt() -> bool:
        stored = await engine.store.get(contact)
        if stored is None or not stored.data["list_pages"]:
            return False
        pages = dict(stored.data["list_pages"])
        part = [(each, pages.pop(each)["page"]) for each in list(pages)[:_LEFT_AT_ONCE]]
        places = {member_pages.page_path(paths.list_(org, each), n): [id_] for each, n in part}
        left = await member_pages.take_off(engine, places)
        shrunk = [Add(home, {"size": -n}, must_exist=True) for home, n in left.by_home.items()]
        forgot = Update(contact, {"list_pages": pages}, stored.version)
        await engine.store.commit(*left.writes, *shrunk, forgot)
        return True

    while await retried(attempt, contact):
        pass


class Member(NamedTuple):
    """Somebody on a list, and their contact; None while they are being erased."""

    id: str
    address: str
    region: str
    zones: Sequence[str]
    attributes: Mapping[str, str]
    contact: Contact | None


async def members(
    engine: Engine, org: str, id_: str, *, limit: int, after: str | None
) -> tuple[list[Member], str | None]:
    """Return a page of a list's people, and the place to continue from.

    Raises NotFoundError for the list, and what `rows` raises.
    """
    await load(engine, org, id_)
    found, following = await rows(engine, org, id_, after=after, limit=limit)
    known = await engine.store.get_many([paths.contact(org, each["id"]) for each in found])
    return [_shown(*pair) for pair in zip(found, known, strict=True)], following


async def rows(
    engine: Engine, org: str, id_: str, *, limit: int, after: str | None
) -> tuple[list[Row], str | None]:
    """Return what a list itself keeps of its next people, in the order of adding.

    Beside them the place to continue from, None at the end. Raises InvalidFieldError for a place
    that is none.
    """
    place = after or "0"
    if not re.fullmatch(r"[0-9]{1,12}", place):
        raise InvalidFieldError("cursor", "cursor: must be one that an earlier page gave")
    found: list[Position] = []
    behind = member_pages.from_place(engine, paths.list_(org, id_), int(place))
    async with aclosing(behind) as positions:
        async for position in positions:
            if len(found) == limit:
                return [each.row for each in found], str(found[-1].behind)
            found.append(position)
    return [each.row for each in found], None


async def own_rows(engine: Engine, org: str, id_: str, known: Iterable[Document]) -> dict[str, Row]:
    """Return contacts' rows, by their ids, where a list says something of its own; else none.

    What other rows hold the contacts say themselves.
    """
    noted = {each.id: each.data["list_pages"].get(id_, {}) for each in known}
    own = {each: note["page"] for each, note in noted.items() if note.get("own")}
    home = paths.list_(org, id_)
    pages = [member_pages.page_path(home, number) for number in sorted(set(own.values()))]
    found = await engine.store.get_many(pages) if pages else []
    rows = (row for page in found if page for row in page.data["rows"] if row)
    return {row["id"]: row for row in rows if row["id"] in own}


def _shown(row: Row, contact: Document | None) -> Member:
    known = contact is not None and not is_being_erased(contact.data)
    return Member(
        row["id"],
        row["address"],
        row["region"],
        row["zones"],
        row.get("attributes", {}),
        contact_from(contact.id, contact.data) if contact and known else None,
    )


async def delete(engine: Engine, org: str, id_: str, *, if_version: int | None) -> None:
    """Remove a list; the people on it stay contacts.

    Raises NotFoundError, StaleError, and InUseError while a campaign to it has not ended.
    """
    path = paths.list_(org, id_)
    document = await engine.store.get(path)
    if not (document and document.data.get(_DELETING)):
        _at_version(document, id_, if_version)
        await refuse_while_used(engine, org, AudienceKind.LIST, id_)
    await _hide(engine, path, id_, if_version)
    await discard(engine, path)
    log.info("list_deleted", org=org, list_id=id_)


async def discard(engine: Engine, path: str) -> None:
    """Remove a list that nobody is shown, with its pages; its contacts' notes of it are ignored."""
    while not await _sweep(engine, path):
        pass


async def _hide(engine: Engine, path: str, id_: str, if_version: int | None) -> None:
    """Let nobody find the list any more but a repeated deletion, which goes on with this one."""

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        document = documents[0]
        if document is not None and document.data.get(_DELETING):
            return None, []
        stored = _at_version(document, id_, if_version)
        freed = list_names.release(stored.org, stored.data["name"])
        return None, [Update(path, {_DELETING: True}, stored.version), freed]

    await modify(engine.store, [path], decide)


async def _sweep(engine: Engine, path: str) -> bool:
    """Remove the pages, then the list; False where somebody was added meanwhile."""
    home = await engine.store.get(path)
    if home is None:
        return True  # Another deletion was faster.
    await remove_all(engine, Query(paths.pages(path), limit=_PAGE))
    try:
        await engine.store.commit(Delete(path, home.version))
    except ConflictError:
        return False
    return True
