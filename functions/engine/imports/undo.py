"""Undoing an import, and removing what an import that has ended leaves behind.

The import's own pages are gone through once more: whom it created and nobody has changed since is
removed, whom it changed and nobody else has is given the former fields back, and whom it put on
the list is taken off it. Who was changed since, or is gone, is left alone; whom it created and
somebody has put on another list stays a contact. What is undone and the
place behind it are one commit, as when importing.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog

from functions.domain.errors import InUseError, NotFoundError, StaleError
from functions.engine import paths
from functions.engine.contacts import list_names, lists, member_pages
from functions.engine.imports.job import ImportStatus, Job
from functions.engine.imports.upload import remove_chunks
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.removal import remove_all
from functions.engine.ports.store import (
    Add,
    Delete,
    Document,
    Query,
    Set,
    StoreError,
    Update,
    Where,
    Write,
)

log = structlog.get_logger()

#: A commit restores no more text than this: stores have limits.
_RESTORED_CHARACTERS: Final = 2_000_000
#: Documents that one commit removes.
_AT_ONCE: Final = 500


async def undo(job: Job) -> None:
    """Undo what is left to be undone of an import."""
    while job.data["undone_pages"] < job.data["pages"]:
        plan = _Plan(job, await _page(job))
        plan.make()
        await job.commit(*await plan.writes(), **plan.progress())
        if job.is_late:
            return
    await _remove_list(job)
    now = job.engine.clock.now()
    await job.commit(status=ImportStatus.UNDONE, undo_until=None, ended_at=now)
    log.info("import_undone", org=job.org, import_id=job.id, removed=job.data["removed"])


async def _remove_list(job: Job) -> None:
    """Remove the list that the import made, unless somebody is on it, or about to write to it."""
    if not job.makes_list:
        return
    version = None
    home = await job.engine.store.get(paths.list_(job.org, job.data["list_id"]))
    if home is not None and not list_names.is_named(home):
        await lists.discard(job.engine, home.path)  # The import was cancelled before it was made.
        return
    with suppress(NotFoundError):  # Where it is half deleted, the deletion below goes on with it.
        found = await lists.load(job.engine, job.org, job.data["list_id"])
        if found.value.size > 0:
            return
        version = found.version
    with suppress(NotFoundError, StaleError, InUseError):
        await lists.delete(job.engine, job.org, job.data["list_id"], if_version=version)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of an import that is still to be undone, and what is stored of its people now."""

    at: datetime  #: when it was imported
    ids: list[str]
    updated: frozenset[str]
    created: frozenset[str]
    contacts: Mapping[str, Document]
    replaced: Mapping[str, Document]
    joined: frozenset[str]
    lists: frozenset[str]  #: the ids of all lists that they are on


async def _page(job: Job) -> _Page:
    page = await job.engine.store.get(job.part("pages", f"{job.data['undone_pages']:06d}"))
    if page is None:
        raise StoreError(f"page {job.data['undone_pages']} of the import {job.id} is gone")
    created, updated, joined = (page.data[name] for name in ("created", "updated", "members"))
    ids = list(dict.fromkeys([*created, *updated, *joined]))[job.data["undone_in_page"] :]
    contacts = await _documents(job, [paths.contact(job.org, id_) for id_ in ids])
    replaced = await _documents(job, [job.part("replaced", id_) for id_ in updated])
    named = {id_ for each in contacts.values() for id_ in each.data["list_pages"]}
    there = await _documents(job, [paths.list_(job.org, id_) for id_ in named])
    people = (frozenset(updated), frozenset(created))
    joined, on_lists = frozenset(joined), frozenset(there)
    return _Page(page.data["at"], ids, *people, contacts, replaced, joined, on_lists)


async def _documents(job: Job, paths_: list[str]) -> dict[str, Document]:
    return {each.id: each for each in await job.engine.store.get_many(paths_) if each}


@dataclass(slots=True)
class _Plan:
    """What one commit undoes."""

    job: Job
    page: _Page
    done: int = 0  #: people of the page that it deals with
    removed: int = 0
    restored: int = 0
    left: int = 0
    taken_off: dict[str, int] = field(default_factory=dict)  #: their pages on the list, by ids
    _writes: list[Write] = field(default_factory=list)

    def make(self) -> None:
        """Decide what becomes of each person, as far as one commit can hold it."""
        restored = 0
        for id_ in self.page.ids:
            if restored > _RESTORED_CHARACTERS:
                return
            self.done += 1
            restored += self._undo(id_)

    def _undo(self, id_: str) -> int:
        """Undo what the import made of somebody; return how much text that takes."""
        contact, kept = self.page.contacts.get(id_), self.page.replaced.get(id_)
        is_created, is_updated = id_ in self.page.created, id_ in self.page.updated
        if not is_created and not is_updated:
            if contact is not None:
                self._keep(contact, self._take_off(contact))  # Only the list was changed.
            return 0
        if contact is None or contact.data["updated_at"] != self.page.at:
            self.left += 1
            return 0
        pages = self._take_off(contact)
        if is_created:
            self._remove(contact, pages)
            return 0
        self.restored += 1
        data = self._former(contact.data, kept.data if kept else {"former": {}, "added": []})
        data["list_pages"] = pages
        self._writes.append(Set(contact.path, data, contact.version))
        return sum(len(name) + len(str(value)) for name, value in data.items())

    @staticmethod
    def _former(data: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields that a contact had before; to an earlier import it is unchanged."""
        left = {name: value for name, value in data.items() if name not in kept["added"]}
        return {**left, **kept["former"]}

    def _remove(self, contact: Document, pages: dict[str, Any]) -> None:
        """Remove somebody whom the import has created, unless they are on another list by now."""
        if self.page.lists.isdisjoint(pages):
            self.removed += 1
            self._writes.append(Delete(contact.path, contact.version))
        else:
            self.left += 1
            self._keep(contact, pages)

    def _keep(self, contact: Document, pages: dict[str, Any]) -> None:
        """Leave somebody as they are, but for the lists that they are on."""
        if pages != contact.data["list_pages"]:
            self._writes.append(Update(contact.path, {"list_pages": pages}, contact.version))

    def _take_off(self, contact: Document) -> dict[str, Any]:
        """Take somebody off the list if the import has put them on it; return their pages then."""
        list_id = self.job.data["list_id"]
        if contact.id not in self.page.joined or list_id not in contact.data["list_pages"]:
            return dict(contact.data["list_pages"])
        self.taken_off[contact.id] = contact.data["list_pages"][list_id]["page"]
        return lists.without(contact, list_id)

    def progress(self) -> dict[str, Any]:
        """Return the changes of the import."""
        data = self.job.data
        changes: dict[str, Any] = {
            name: data[name] + getattr(self, name) for name in ("removed", "restored", "left")
        }
        if self.done < len(self.page.ids):
            return {**changes, "undone_in_page": data["undone_in_page"] + self.done}
        return {**changes, "undone_in_page": 0, "undone_pages": data["undone_pages"] + 1}

    async def writes(self) -> list[Write]:
        """Return the writes that go with the progress."""
        home = paths.list_(self.job.org, self.job.data["list_id"])
        left = await member_pages.take_off(
            self.job.engine,
            ((member_pages.page_path(home, n), id_) for id_, n in self.taken_off.items()),
        )
        shrunk = [Add(path, {"size": -n}, must_exist=True) for path, n in left.by_home.items()]
        return [*self._writes, *left.writes, *shrunk]


async def sweep(job: Job) -> None:
    """Remove the file of an import that has ended, and what undoing it would need once it cannot.

    What was replaced is kept no longer than it can be of use: it is about people.
    """
    undo_until = job.data["undo_until"]
    if undo_until is not None and undo_until <= job.engine.clock.now():
        undo_until = None
        await job.commit(undo_until=None)
    for part in ("pages", "replaced") if undo_until is None else ():
        if found := await job.engine.store.query(Query(f"{job.path}/{part}", limit=_AT_ONCE)):
            await job.engine.store.commit(*(Delete(each.path) for each in found))
            return  # the next pass goes on
    await remove_chunks(job.engine, job.org, job.id, job.data["chunks"])
    await job.release(undo_until, with_task=False, chunks=0)


async def forget(engine: Engine, contact: str) -> None:
    """Remove what imports keep of the former fields of the contact at this path."""
    where = (Where("contact", "==", contact),)
    await remove_all(engine, Query("replaced", where, limit=_AT_ONCE, group=True))
