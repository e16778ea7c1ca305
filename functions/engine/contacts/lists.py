"""Lists: people who are written to together.

Who is on a list stands in its pages (member_pages.py); its size is kept with every change of them.
Imports count size and pages from the beginning, and name the list at its end: until then it is
hidden. A list that is being deleted is hidden first and goes last, so that nothing is left of it
that nobody refers to.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, Final, NamedTuple, TypeGuard
from uuid import uuid4

import structlog

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.errors import NameTakenError, NotFoundError
from functions.engine import paths
from functions.engine.contacts import contacts, list_names, member_pages
from functions.engine.contacts.in_use import refuse_while_used
from functions.engine.kernel.commits.modify import at_version, modify, retried
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import named, page_where
from functions.engine.kernel.removal import remove_all
from functions.engine.ports.store import (
    Add,
    ConflictError,
    Create,
    Delete,
    Document,
    Query,
    RefusedError,
    Update,
    Write,
)

log = structlog.get_logger()

_DELETING: Final = "deleting"
#: Pages of a list that one commit writes or removes.
_PAGE: Final = 20
#: Lists that one commit takes somebody off: it writes a whole page of each.
_LEFT_AT_ONCE: Final = 10
#: Contacts that those who add some at the same time put on a list with one commit.
_JOINING: Final = 1000
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
    if document is None or document.data.get(_DELETING):
        return False
    return list_names.is_named(document)


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

    Raises NotFoundError for the list or a contact, with nobody added. Whoever adds somebody at the
    same time shares the commit: all would write the same page.
    """
    ids, home = list(dict.fromkeys(contact_ids)), paths.list_(org, id_)
    join = partial(_join, engine, org, id_)
    added: int = await engine.memory.lists.do((home, "joining"), ids, join)
    log.info("list_extended", org=org, list_id=id_, added=added)
    return added


async def _join(
    engine: Engine, org: str, id_: str, asked: Sequence[Sequence[str]]
) -> list[int | Exception]:
    """Put batches of contacts on a list; return how many each has added, or why it has not."""
    home, ids = paths.list_(org, id_), list(dict.fromkeys(chain.from_iterable(asked)))
    if len(ids) > _JOINING and len(asked) > 1:
        raise RefusedError(f"{len(ids)} contacts are more than one commit should put on a list")

    async def attempt() -> list[int | Exception]:
        wanted = [home, *(paths.contact(org, each) for each in ids)]
        stored, *people = await engine.store.get_many(wanted)
        count = _at_version(stored, id_, None).data["pages"]
        known, fresh = dict(zip(ids, people, strict=True)), dict[str, Document]()
        added = [_new_among(known, batch, id_, fresh) for batch in asked]
        if fresh:
            last = await member_pages.last_page(engine, home, count, len(fresh))
            rows = [member_pages.row_of(each.id, each.data, {}) for each in fresh.values()]
            placed = member_pages.place(home, count, last, rows)
            gone = await gone_among(engine, org, fresh.values())
            noted = [_on_page(each, id_, placed.numbers[each.id], gone) for each in fresh.values()]
            grown = Add(home, {"size": len(fresh), "pages": placed.pages}, must_exist=True)
            await engine.store.commit(grown, *placed.writes, *noted)
        return added

    return await retried(attempt, home)


def _new_among(
    known: Mapping[str, Document | None],
    batch: Sequence[str],
    list_id: str,
    fresh: dict[str, Document],
) -> int | Exception:
    """Add to `fresh` whom a batch puts on a list; return how many, or why it puts nobody on it."""
    try:
        found = contacts.all_found([known[each] for each in batch], batch)
    except NotFoundError as error:
        return error
    new = [each for each in found if list_id not in each.data["list_pages"]]
    before = len(fresh)
    fresh |= {each.id: each for each in new}
    return len(fresh) - before


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
    leave = partial(_leave, engine, org, id_)
    await engine.memory.lists.do((paths.list_(org, id_), "leaving"), contact_id, leave)


async def _leave(
    engine: Engine, org: str, id_: str, asked: Sequence[str]
) -> list[Exception | None]:
    """Take contacts off a list together; tell of each, and each time, why it could not be."""
    home = paths.list_(org, id_)

    async def attempt() -> list[Exception | None]:
        ids = list(dict.fromkeys(asked))
        stored, *people = await engine.store.get_many([home, *(paths.contact(org, i) for i in ids)])
        _found(stored, id_)
        leaving = {each.id: each for each in people if each and id_ in each.data["list_pages"]}
        pages = [
            member_pages.page_path(home, each.data["list_pages"][id_]["page"])
            for each in leaving.values()
        ]
        if (count := len(set(pages))) > _PAGE and len(asked) > 1:
            raise RefusedError(f"{count} pages are more than one commit should write")
        left = await member_pages.take_off(engine, zip(pages, leaving, strict=True))
        forgot = [_off_page(each, id_) for each in leaving.values()]
        if forgot:
            shrunk = Add(home, {"size": -left.by_home[home]}, must_exist=True)
            await engine.store.commit(*left.writes, *forgot, shrunk)
        return [None if leaving.pop(i, None) else NotFoundError("Contact", i) for i in asked]

    return await retried(attempt, home)


def _off_page(contact: Document, list_id: str) -> Write:
    return Update(contact.path, {"list_pages": without(contact, list_id)}, contact.version)


async def leave_all(engine: Engine, contact: str) -> None:
    """Take the contact at this path off every list."""
    org, id_ = paths.ids(contact)

    async def attempt() -> bool:
        stored = await engine.store.get(contact)
        if stored is None or not stored.data["list_pages"]:
            return False
        pages = dict(stored.data["list_pages"])
        part = [(each, pages.pop(each)["page"]) for each in list(pages)[:_LEFT_AT_ONCE]]
        places = [(member_pages.page_path(paths.list_(org, each), n), id_) for each, n in part]
        left = await member_pages.take_off(engine, places)
        shrunk = [Add(home, {"size": -n}, must_exist=True) for home, n in left.by_home.items()]
        forgot = Update(contact, {"list_pages": pages}, stored.version)
        await engine.store.commit(*left.writes, *shrunk, forgot)
        return True

    while await retried(attempt, contact):
        pass


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
