"""Lists: people who are written to together.

The size of a list is kept with every change of its members. A list that is being deleted is
hidden first and goes last, so that nothing is left of it that nobody refers to.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import uuid4

import structlog

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.contacts.contact import Contact, contact_from, is_being_erased
from functions.domain.errors import NameTakenError, NotFoundError
from functions.engine import paths
from functions.engine.contacts import contacts, list_names
from functions.engine.contacts.in_use import refuse_while_used
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.modify import at_version, modify
from functions.engine.kernel.paging import named, page_by_id, page_where
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
_PAGE: Final = 500


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
    fields = {"name": name, "size": 0, "created_at": made.created_at}
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
    """Return a list that nobody is deleting. Raises NotFoundError and StaleError."""
    is_hidden = document is not None and document.data.get(_DELETING)
    return at_version(None if is_hidden else document, "List", id_, if_version)


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
    return [_list(each) for each in documents if each and not each.data.get(_DELETING)]


async def add(engine: Engine, org: str, id_: str, contact_ids: Sequence[str]) -> int:
    """Put contacts on a list; return how many were not on it yet.

    Raises NotFoundError for the list or a contact, with nobody added.
    """
    home = paths.list_(org, id_)

    def grow(stored: Document | None, by: int) -> Write:
        _found(stored, id_)
        return Add(home, {"size": by}, must_exist=True)

    ids = list(dict.fromkeys(contact_ids))
    added = await add_members(engine, org, home, ids, grow)
    log.info("list_extended", org=org, list_id=id_, added=added)
    return added


async def add_members(
    engine: Engine,
    org: str,
    home: str,
    ids: Sequence[str],
    grow: Callable[[Document | None, int], Write],
) -> int:
    """Make contacts members of the list or campaign at `home`; return how many were not yet.

    `grow` makes, of the document at `home` and that number, the write that goes with them, or
    raises. Raises NotFoundError for a contact.
    """
    members = f"{home}/members"

    def decide(documents: list[Document | None]) -> tuple[int, Sequence[Write]]:
        people, known = documents[1 : len(ids) + 1], documents[len(ids) + 1 :]
        grown = grow(documents[0], known.count(None))
        found = contacts.all_found(people, ids)
        fresh = [c for c, member in zip(found, known, strict=True) if member is None]
        created = [Create(f"{members}/{each.id}", member(each.path, each.data)) for each in fresh]
        still = [contacts.still_there(each) for each in fresh]
        return len(fresh), [grown, *created, *still] if fresh else []

    wanted = [home, *(paths.contact(org, each) for each in ids), *(f"{members}/{i}" for i in ids)]
    return await modify(engine.store, wanted, decide)


def member(path: str, contact: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list, or a campaign, keeps of a contact; the rest is asked for when needed."""
    kept = {"address": contact["phone"], "region": contact["region"], "zones": contact["zones"]}
    return {"contact": path, **kept, "attributes": {}}


async def remove(engine: Engine, org: str, id_: str, contact_id: str) -> None:
    """Take somebody off a list. Raises NotFoundError for the list, or where they are not on it."""
    home, path = paths.list_(org, id_), f"{paths.members(org, id_)}/{contact_id}"

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        people, member = documents
        _found(people, id_)
        if member is None:
            raise NotFoundError("Contact", contact_id)
        return None, [Delete(path, member.version), Add(home, {"size": -1}, must_exist=True)]

    await modify(engine.store, [home, path], decide)


class Member(NamedTuple):
    """Somebody on a list, and their contact; None where undoing an import has removed it."""

    id: str
    address: str
    region: str
    zones: Sequence[str]
    attributes: dict[str, str]
    contact: Contact | None


async def members(
    engine: Engine, org: str, id_: str, *, limit: int, after: str | None
) -> tuple[list[Member], str | None]:
    """Return a page of a list's people, and the id to continue behind.

    Raises NotFoundError for the list.
    """
    await load(engine, org, id_)
    found, following = await rows(engine, org, id_, after=after, limit=limit)
    known = await engine.store.get_many([paths.contact(org, each.id) for each in found])
    return [_shown(*pair) for pair in zip(found, known, strict=True)], following


async def rows(
    engine: Engine, org: str, id_: str, *, limit: int, after: str | None
) -> tuple[list[Document], str | None]:
    """Return a page of what a list itself keeps of its people, and the id to continue behind."""
    return await page_by_id(engine, paths.members(org, id_), after=after, limit=limit)


def _shown(member: Document, contact: Document | None) -> Member:
    data = member.data
    known = contact is not None and not is_being_erased(contact.data)
    return Member(
        member.id,
        data["address"],
        data["region"],
        data["zones"],
        data["attributes"],
        contact_from(contact.id, contact.data) if contact and known else None,
    )


async def delete(engine: Engine, org: str, id_: str, *, if_version: int | None) -> None:
    """Remove a list; the people on it stay contacts.

    Raises NotFoundError, StaleError, and InUseError while a campaign to it has not ended.
    """
    path = paths.list_(org, id_)
    document = at_version(await engine.store.get(path), "List", id_)
    if not document.data.get(_DELETING):
        at_version(document, "List", id_, if_version)
        await refuse_while_used(engine, org, AudienceKind.LIST, id_)
    await _hide(engine, path, id_, if_version)
    while not await _sweep(engine, path):
        pass
    log.info("list_deleted", org=org, list_id=id_)


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
    """Remove the members, then the list; False where somebody was added meanwhile."""
    home = await engine.store.get(path)
    if home is None:
        return True  # Another deletion was faster.
    await remove_all(engine, Query(f"{path}/members", limit=_PAGE))
    try:
        await engine.store.commit(Delete(path, home.version))
    except ConflictError:
        return False
    return True
