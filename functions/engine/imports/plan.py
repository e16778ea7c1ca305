"""Planning a page of rows: the contacts and list members that it makes, committed elsewhere.

Of several rows about one person the first is kept; the others are reported as duplicates.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from functions.domain.contacts.contact import changed, contact_fields, contact_from, new_contact
from functions.domain.errors import InvalidFieldError
from functions.engine import paths
from functions.engine.contacts import lists
from functions.engine.contacts.contacts import refuse_erasing, still_there
from functions.engine.imports.reader import DUPLICATE, INVALID, Bad, Good, Page
from functions.engine.imports.row_files import Place
from functions.engine.ports.store import Create, Document, Update, Write

#: A commit keeps no more text than this of what it replaces: stores have limits.
_REPLACED_CHARACTERS: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Target:
    """Where rows go, and how they change a contact that exists."""

    org: str
    list_id: str | None  #: the list that everybody is put on
    keeps: bool  #: a contact that is there stays as it is
    import_id: str = ""  #: noted in the contacts that are created
    duplicate: str = "is about somebody of an earlier row"  #: may name {phone} and other details


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a page's people."""

    contacts: Mapping[str, Document]
    touched: Collection[str]  #: contacts that a row of an earlier page was about
    members: Collection[str]  #: contacts that are on the list already


@dataclass(slots=True)
class Plan:
    """What a page of rows makes, as far as one commit can hold it."""

    target: Target
    page: Page
    known: Known
    now: datetime
    rest: Page | None = None  #: what is left for another commit
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    contact_writes: list[Write] = field(default_factory=list)
    member_writes: list[Write] = field(default_factory=list)
    #: Contacts that were there, with what this changes of each.
    met: list[tuple[Document, Mapping[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        seen, replaced = set(self.known.touched), 0
        for number, item in enumerate(self.page.items):
            if replaced > _REPLACED_CHARACTERS:
                self.rest = self.page._replace(items=self.page.items[number:])
                break
            if isinstance(item, Bad):
                self.bad.append(item)
            elif item.id in seen:
                reason = self.target.duplicate.format_map(item.details)
                self.bad.append(_left_out(item, reason, DUPLICATE))
            else:
                seen.add(item.id)
                replaced += self._add(item)

    @property
    def behind(self) -> Place:
        """The place behind the rows of the plan."""
        if self.rest is None:
            return self.page.behind
        return self.page.items[-len(self.rest.items) - 1].behind

    @property
    def writes(self) -> list[Write]:
        """The writes of contacts and members."""
        return self.contact_writes + self.member_writes

    @property
    def has_changes(self) -> bool:
        """Whether anything is stored that undoing would take back."""
        return bool(self.created or self.updated or self.members)

    def _add(self, row: Good) -> int:
        """Plan the writes of a row; return how much text it replaces."""
        stored = self.known.contacts.get(row.id)
        if stored is not None:
            return self._meet(row, stored)
        contact = new_contact(row.id, row.details, now=self.now, imported_by=self.target.import_id)
        fields = contact_fields(contact)
        self.created.append(row.id)
        self.contact_writes.append(Create(paths.contact(self.target.org, row.id), fields))
        self._join(row, fields)
        return 0

    def _meet(self, row: Good, stored: Document) -> int:
        try:
            changes = self._changes(row, stored)
        except InvalidFieldError as error:
            self.bad.append(_left_out(row, str(error)))
            return 0
        if changes:
            self.updated.append(row.id)
            self.contact_writes.append(Update(stored.path, changes, stored.version))
        else:
            self.unchanged.append(row.id)
        if self._join(row, {**stored.data, **changes}) and not changes:
            self.contact_writes.append(still_there(stored))
        self.met.append((stored, changes))
        former = (name for name in changes if name in stored.data)
        return sum(len(name) + len(str(stored.data[name])) for name in former)

    def _changes(self, row: Good, stored: Document) -> dict[str, Any]:
        """Return the fields of a contact that a row changes. Raises InvalidFieldError."""
        refuse_erasing(stored)
        if self.target.keeps:
            return {}
        before = contact_from(stored.id, stored.data)
        after = changed(before, row.details, now=self.now)
        fields = contact_fields(after) if after is not before else {}
        return {name: each for name, each in fields.items() if stored.data.get(name) != each}

    def _join(self, row: Good, contact: Mapping[str, Any]) -> bool:
        """Put somebody on the list; False if there is none or they are on it."""
        org, list_id = self.target.org, self.target.list_id
        if not list_id or row.id in self.known.members:
            return False
        self.members.append(row.id)
        member = {**lists.member(paths.contact(org, row.id), contact), **row.member}
        self.member_writes.append(Create(f"{paths.members(org, list_id)}/{row.id}", member))
        return True


def _left_out(row: Good, reason: str, kind: str = INVALID) -> Bad:
    return Bad(row.line, row.behind, "", reason, kind)
