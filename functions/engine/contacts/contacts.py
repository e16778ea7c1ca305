"""Contacts: the people of an organisation, each under the address that they are known by."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import structlog

from functions.domain.contacts.contact import (
    Contact,
    Details,
    changed,
    contact_fields,
    contact_from,
    contact_id,
    identity,
    is_being_erased,
    new_contact,
    replaced,
)
from functions.domain.errors import ContactExistsError, InvalidFieldError
from functions.engine import paths
from functions.engine.kernel.commits.modify import at_version, modify
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import page_where
from functions.engine.kernel.people import id_of, path_of, salt_of
from functions.engine.ports.store import (
    ConflictError,
    Create,
    Document,
    Query,
    Set,
    Update,
    Where,
    Write,
)

log = structlog.get_logger()


async def create(engine: Engine, org: str, details: Details) -> Versioned[Contact]:
    """Store a new contact. Raises ContactExistsError where somebody has its address already."""
    id_ = await id_of(engine, org, identity(details))
    contact = new_contact(id_, details, now=engine.clock.now())
    path = paths.contact(org, contact.id)
    try:
        (version,) = await engine.store.commit(Create(path, contact_fields(contact)))
    except ConflictError:
        if (known := await engine.store.get(path)) is not None:
            refuse_erasing(known)
        raise ContactExistsError("phone" if contact.phone else "email") from None
    log.info("contact_created", org=org, contact_id=contact.id)
    return Versioned(contact, version)


def refuse_erasing(contact: Document) -> None:
    """Raise InvalidFieldError for somebody whose erasure has begun and has not ended."""
    if is_being_erased(contact.data):
        message = "phone: this person is being erased; repeat the DELETE to see it finished"
        raise InvalidFieldError("phone", message, code="CUSTOMER_BEING_ERASED")


async def load(engine: Engine, org: str, id_: str) -> Versioned[Contact]:
    """Return a contact. Raises NotFoundError, also for one of another organisation."""
    return _found(await engine.store.get(paths.contact(org, id_)), id_)


def _found(
    document: Document | None, id_: str, if_version: int | None = None
) -> Versioned[Contact]:
    """Return a contact that is not being erased. Raises NotFoundError and StaleError."""
    is_hidden = document is not None and is_being_erased(document.data)
    stored = at_version(None if is_hidden else document, "Contact", id_, if_version)
    return Versioned(contact_from(id_, stored.data), stored.version)


def all_found(documents: Sequence[Document | None], ids: Sequence[str]) -> list[Document]:
    """Return the contacts that were read for these ids. Raises NotFoundError where one is not."""
    for document, id_ in zip(documents, ids, strict=True):
        _found(document, id_)
    return [document for document in documents if document is not None]


def still_there(contact: Document) -> Update:
    """Return the write that fails once a contact that was read has changed, or is being erased.

    Whatever names a person is committed together with it: else somebody who is erased at that
    very moment would stay behind in it.
    """
    return Update(contact.path, {"created_at": contact.data["created_at"]}, contact.version)


async def update(
    engine: Engine, org: str, id_: str, details: Details, *, if_version: int | None
) -> Versioned[Contact]:
    """Merge details into a contact, at `if_version` if given.

    Raises NotFoundError, StaleError, and InvalidFieldError for a change of its address.
    """
    now = engine.clock.now()
    return await _change(engine, org, id_, lambda c: changed(c, details, now=now), if_version)


async def replace(
    engine: Engine, org: str, id_: str, details: Details, *, if_version: int | None
) -> Versioned[Contact]:
    """Replace all that is known of a contact but its address. Raises what `update` raises."""
    now = engine.clock.now()
    return await _change(engine, org, id_, lambda c: replaced(c, details, now=now), if_version)


async def _change(
    engine: Engine,
    org: str,
    id_: str,
    change: Callable[[Contact], Contact],
    if_version: int | None,
) -> Versioned[Contact]:
    path = paths.contact(org, id_)

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        contact, version = _found(documents[0], id_, if_version)
        after = change(contact)
        return None, [] if after is contact else [Set(path, contact_fields(after), version)]

    await modify(engine.store, [path], decide)
    # Read again, so that the version that is answered is that of what is answered.
    return await load(engine, org, id_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Filters of contacts; a contact passes if all of them hold."""

    phone: str | None = None  #: E.164, in any spelling of the number
    email: str | None = None
    external_id: str | None = None
    active: bool | None = None
    location: str | None = None
    preferred_product: str | None = None

    @property
    def where(self) -> tuple[Where, ...]:
        """The conditions but for the phone, each served by an index of its own."""
        wanted = {
            name: value for name, value in dataclasses.asdict(self).items() if value is not None
        }
        return tuple(Where(name, "==", value) for name, value in wanted.items() if name != "phone")


class Page(NamedTuple):
    """Some contacts, and the one to continue behind; None behind the last."""

    contacts: list[Contact]
    last: Document | None


async def page_of(
    engine: Engine,
    org: str,
    filters: Filters,
    *,
    limit: int,
    after: tuple[datetime, str] | None = None,
    offset: int = 0,
) -> Page:
    """Return a page of contacts, the newest first, behind the time and id of one."""
    if filters.phone is not None:
        known = await _known_by(engine, org, filters.phone, filters.where)
        return Page(known[offset:limit] if after is None else [], None)
    start = (after[0], paths.contact(org, after[1])) if after else None
    query = Query(
        paths.contacts(org),
        filters.where,
        ("-created_at",),
        limit=limit,
        start_after=start,
        offset=offset,
    )
    documents, last = await page_where(engine, query)
    people = [contact_from(d.id, d.data) for d in documents if not is_being_erased(d.data)]
    return Page(people, last)


async def _known_by(engine: Engine, org: str, phone: str, where: Sequence[Where]) -> list[Contact]:
    """Return who is known by a number, if the conditions hold for them.

    Looked up by id, which is the same for all spellings of the number.
    """
    document = await engine.store.get(await path_of(engine, org, phone))
    if document is None or is_being_erased(document.data):
        return []
    passes = all(document.data.get(each.field) == each.value for each in where)
    return [contact_from(document.id, document.data)] if passes else []


class Result(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"  #: it says nothing new; nothing was written
    INVALID = "invalid"  #: it breaks a rule; the others were kept


class RowResult(NamedTuple):
    """What became of a row, whom it is about, and the rule it breaks."""

    result: Result
    id: str = ""
    field: str = ""
    reason: str = ""


async def upsert(
    engine: Engine, org: str, rows: Sequence[Details | InvalidFieldError]
) -> list[RowResult]:
    """Create the people of these rows, or merge the rows into those who are there, in order.

    Rows that were found wrong are passed through. They are stored a commit's worth at a time:
    whoever repeats the call after a failure finds the first ones unchanged.
    """
    size = engine.limits.chunk
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    return [result for part in parts for result in await _upsert(engine, org, part)]


async def _upsert(
    engine: Engine, org: str, rows: Sequence[Details | InvalidFieldError]
) -> list[RowResult]:
    now, salt = engine.clock.now(), await salt_of(engine, org)
    ids = [_id(salt, row) for row in rows]

    def decide(documents: list[Document | None]) -> tuple[list[RowResult], Sequence[Write]]:
        merger = _Merger({d.id: d for d in documents if d is not None}, now)
        results = [merger.add(id_, row) for id_, row in zip(ids, rows, strict=True)]
        return results, merger.writes(org)

    known = dict.fromkeys(filter(None, ids))
    return await modify(engine.store, [paths.contact(org, id_) for id_ in known], decide)


def _id(salt: bytes, row: Details | InvalidFieldError) -> str:
    """Return the id of whom a row is about, "" where it does not say."""
    if isinstance(row, InvalidFieldError):
        return ""
    address = row.get("phone") or row.get("email")
    return contact_id(salt, address) if address else ""


class _Merger:
    """Merges rows into people; several of them may speak of one person."""

    def __init__(self, stored: Mapping[str, Document], now: datetime) -> None:
        self._stored = stored
        self._now = now
        self._changed: dict[str, Contact] = {}

    def add(self, id_: str, row: Details | InvalidFieldError) -> RowResult:
        """Apply a row, and return its outcome."""
        if isinstance(row, InvalidFieldError):
            return _invalid(row)
        try:
            return self._merge(id_, row)
        except InvalidFieldError as error:
            return _invalid(error)

    def _merge(self, id_: str, row: Details) -> RowResult:
        before = self._known(id_)
        if before is None:
            contact, result = new_contact(id_, row, now=self._now), Result.CREATED
        else:
            contact = changed(before, row, now=self._now)
            result = Result.UNCHANGED if contact is before else Result.UPDATED
        if contact is not before:
            self._changed[contact.id] = contact
        return RowResult(result, contact.id)

    def _known(self, id_: str) -> Contact | None:
        """Return a person as they are by the rows so far."""
        stored = self._stored.get(id_)
        if id_ in self._changed or stored is None:
            return self._changed.get(id_)
        refuse_erasing(stored)
        return contact_from(id_, stored.data)

    def writes(self, org: str) -> list[Write]:
        """Return the writes of those who are new or have changed."""
        return [self._write(org, contact) for contact in self._changed.values()]

    def _write(self, org: str, contact: Contact) -> Write:
        stored = self._stored.get(contact.id)
        if stored is None:
            return Create(paths.contact(org, contact.id), contact_fields(contact))
        return Set(stored.path, contact_fields(contact), stored.version)


def _invalid(error: InvalidFieldError) -> RowResult:
    return RowResult(Result.INVALID, field=error.field, reason=str(error))
