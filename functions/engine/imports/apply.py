"""The work of an import: each page of rows becomes contacts, list members and reports.

A page's contacts, members and bad rows, what they replace, and the place behind the page are one
commit, conditional on the import's version: a crash or a second worker repeats and skips nothing.
Of several rows about one person the first is kept; the others are reported as duplicates.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog

from functions.domain.contacts.contact import (
    Contact,
    changed,
    contact_fields,
    contact_from,
    new_contact,
)
from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.engine import paths
from functions.engine.contacts import lists
from functions.engine.contacts.contacts import refuse_erasing, still_there
from functions.engine.imports.job import ENDED, ImportStatus, Job, ended, report_path
from functions.engine.imports.reader import DUPLICATE, INVALID, Bad, Good, Page, Reader
from functions.engine.imports.row_files import Place
from functions.engine.imports.upload import OnExisting
from functions.engine.kernel.lease import LookAgainError
from functions.engine.ports.store import Add, Create, Document, Query, Set, Update, Write

log = structlog.get_logger()

#: A commit keeps no more text than this of what it replaces: stores have limits.
_REPLACED_CHARACTERS: Final = 2_000_000
#: Rows in one document of reports.
_REPORTED: Final = 500


async def work(job: Job) -> None:
    """Import what is left of a file; while one page is being committed the next is read."""
    reader = Reader(job)
    ahead = asyncio.create_task(asyncio.to_thread(reader.page))
    try:
        while True:
            page = await ahead
            if not page.is_last:
                ahead = asyncio.create_task(asyncio.to_thread(reader.page))
            await _commit_page(job, page)
            if job.status in ENDED:
                break
            if job.is_late:
                return
    finally:
        ahead.cancel()
    counts = {name: job.data[name] for name in ("created", "updated", "invalid", "duplicates")}
    log.info("import_ended", org=job.org, import_id=job.id, status=job.status, **counts)


async def _commit_page(job: Job, page: Page) -> None:
    """Commit a page, in parts where it is too much for one."""
    rest: Page | None = page
    while rest is not None:
        plan = Plan(job, rest, await _known(job, rest))
        plan.make()
        with suppress(LookAgainError):  # somebody has changed a contact of the page
            await job.commit(*plan.writes(), **plan.progress())
            rest = plan.rest


# --- What is there already -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    """What is stored of a page's people."""

    contacts: Mapping[str, Document]
    touched: frozenset[str]  #: contacts that an earlier row was about
    members: frozenset[str]  #: contacts that are on the list already
    list_is_gone: bool
    listed: int  #: people on a list that is about to be made


async def _known(job: Job, page: Page) -> _Known:
    ids = list(dict.fromkeys(item.id for item in page.items if isinstance(item, Good)))
    wanted = [paths.contact(job.org, id_) for id_ in ids]
    if list_id := job.data["list_id"]:
        wanted += [f"{paths.members(job.org, list_id)}/{id_}" for id_ in ids]
    found = await job.engine.store.get_many(wanted)
    contacts = {each.id: each for each in found[: len(ids)] if each}
    members = frozenset(each.id for each in found[len(ids) :] if each)
    touched, is_gone = await _touched(job, contacts), await _list_is_gone(job)
    listed = await _listed(job) if page.is_last else 0
    return _Known(contacts, touched, members, is_gone, listed)


async def _list_is_gone(job: Job) -> bool:
    """Tell whether the list was deleted that everybody is to be put on."""
    if job.data["list_id"] is None or job.makes_list:
        return False
    try:
        await lists.load(job.engine, job.org, job.data["list_id"])
    except NotFoundError:
        return True
    return False


async def _listed(job: Job) -> int:
    """Count the people on a list that is about to be made: who was erased is on it no more."""
    if not job.makes_list:
        return 0
    return await job.engine.store.count(Query(paths.members(job.org, job.data["list_id"])))


async def _touched(job: Job, contacts: dict[str, Document]) -> frozenset[str]:
    """Return those of stored contacts that an earlier row has created, changed or confirmed."""
    created = {id_ for id_, each in contacts.items() if each.data.get("imported_by") == job.id}
    others = [job.part("replaced", id_) for id_ in contacts if id_ not in created]
    marks = await job.engine.store.get_many(others)
    return frozenset(created | {mark.id for mark in marks if mark})


# --- What a page makes -----------------------------------------------------------------------


@dataclass(slots=True)
class Plan:
    """The writes that a page makes, and the import's progress that goes with them."""

    job: Job
    page: Page
    known: _Known
    rest: Page | None = None  #: what is left for another commit
    error: str | None = None
    replaced_characters: int = 0
    now: datetime = field(init=False)
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    people_writes: list[Write] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = self.job.engine.clock.now()
        self.error = self.page.error

    def make(self) -> None:
        """Decide what each row makes, as far as one commit can hold it."""
        if self.known.list_is_gone:
            self.error, self.page = "the list was deleted", self.page._replace(items=[])
        seen = set(self.known.touched)
        for number, item in enumerate(self.page.items):
            if self.replaced_characters > _REPLACED_CHARACTERS:
                self.rest = self.page._replace(items=self.page.items[number:])
                break
            if isinstance(item, Bad):
                self.bad.append(item)
            elif item.id in seen:
                self.bad.append(_left_out(item, "is about somebody of an earlier row", DUPLICATE))
            else:
                seen.add(item.id)
                self._add(item)

    def _add(self, item: Good) -> None:
        """Store what a row says."""
        stored = self.known.contacts.get(item.id)
        try:
            if stored is None:
                self._create(item)
            else:
                self._change(item, stored)
        except InvalidFieldError as error:
            self.bad.append(_left_out(item, str(error)))

    def _create(self, item: Good) -> None:
        contact = new_contact(item.details, now=self.now, imported_by=self.job.id)
        self.people_writes.append(Create(self._path(item.id), contact_fields(contact)))
        self.created.append(item.id)
        self._join(contact)

    def _change(self, item: Good, stored: Document) -> None:
        refuse_erasing(stored)
        before = after = contact_from(stored.id, stored.data)
        if self.job.data["on_existing"] != OnExisting.KEEP:
            after = changed(before, item.details, now=self.now)
        changes = _difference(stored.data, contact_fields(after)) if after is not before else {}
        if changes:
            self.people_writes.append(Update(stored.path, changes, stored.version))
            self.updated.append(item.id)
        else:
            self.unchanged.append(item.id)
        if self._join(after) and not changes:
            self.people_writes.append(still_there(stored))
        self._remember(stored, changes)

    def _remember(self, stored: Document, changes: Mapping[str, Any]) -> None:
        """Keep what a row replaces; with it, that a row was about this contact."""
        former = {name: stored.data[name] for name in changes if name in stored.data}
        added = [name for name in changes if name not in stored.data]
        path = self.job.part("replaced", stored.id)
        kept = {"contact": stored.path, "former": former, "added": added}
        self.people_writes.append(Create(path, kept))
        self.replaced_characters += sum(len(n) + len(str(v)) for n, v in former.items())

    def _join(self, contact: Contact) -> bool:
        """Put somebody on the list; False if there is none or they are on it."""
        list_id = self.job.data["list_id"]
        if not list_id or contact.id in self.known.members:
            return False
        self.members.append(contact.id)
        member = lists.member(self._path(contact.id), contact_fields(contact))
        path = f"{paths.members(self.job.org, list_id)}/{contact.id}"
        self.people_writes.append(Create(path, member))
        return True

    def _path(self, id_: str) -> str:
        return paths.contact(self.job.org, id_)

    # --- What is committed -------------------------------------------------------------------

    @property
    def _status(self) -> ImportStatus | None:
        """The status that the import ends with, None where it goes on."""
        if self.rest is not None:
            return None
        if self.error:
            return ImportStatus.FAILED
        return ImportStatus.COMPLETED if self.page.is_last else None

    def progress(self) -> dict[str, Any]:
        """Return the changes of the import."""
        data = self.job.data
        duplicates = sum(each.kind == DUPLICATE for each in self.bad)
        added = {
            "created": len(self.created),
            "updated": len(self.updated),
            "unchanged": len(self.unchanged),
            "invalid": len(self.bad) - duplicates,
            "duplicates": duplicates,
            "pages": int(self._has_changed),
        }
        added["rows"] = len(self.created + self.updated + self.unchanged) + len(self.bad)
        changes: dict[str, Any] = {name: data[name] + more for name, more in added.items()}
        if not self.known.list_is_gone:
            changes |= {"bytes": self._behind.bytes, "lines": self._behind.lines}
        if self._status:
            changes |= ended(self._status, self.now, self.error)
        return changes

    @property
    def _behind(self) -> Place:
        """The place behind what is committed."""
        if self.rest is None:
            return self.page.behind
        return self.page.items[-len(self.rest.items) - 1].behind

    @property
    def _has_changed(self) -> bool:
        return bool(self.created or self.updated or self.members)

    def writes(self) -> Iterator[Write]:
        """Yield the writes that go with the progress."""
        yield from self.people_writes
        for start in range(0, len(self.bad), _REPORTED):
            rows = self.bad[start : start + _REPORTED]
            path = report_path(self.job.org, self.job.id, rows[-1].line)
            yield Create(path, {"rows": [each.report() for each in rows]})
        if self._has_changed:
            page = {name: getattr(self, name) for name in ("created", "updated", "members")}
            path = self.job.part("pages", f"{self.job.data['pages']:06d}")
            yield Create(path, {**page, "at": self.now})
        yield from self._list_writes()

    def _list_writes(self) -> Iterator[Write]:
        data, size = self.job.data, len(self.members)
        if self.job.makes_list and self._status is ImportStatus.COMPLETED:
            size += self.known.listed
            made = {"name": data["list_name"], "size": size, "created_at": self.now}
            yield Set(paths.list_(self.job.org, data["list_id"]), made)
        elif size and not self.job.makes_list:
            path = paths.list_(self.job.org, data["list_id"])
            yield Add(path, {"size": size}, must_exist=True)


def _left_out(item: Good, reason: str, kind: str = INVALID) -> Bad:
    return Bad(item.line, item.behind, "", reason, kind)


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in after.items() if before.get(name) != value}
