"""Planning a page of rows: the contacts and the list's pages that it makes, committed elsewhere.

Of several rows about one person the first is kept; the others are reported as duplicates.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from functions.domain.contacts.contact import changed, contact_fields, contact_from, new_contact
from functions.domain.errors import InvalidFieldError
from functions.engine import paths
from functions.engine.contacts import lists, member_pages
from functions.engine.contacts.contacts import refuse_erasing
from functions.engine.imports.reader import DUPLICATE, INVALID, Bad, Good, Page
from functions.engine.imports.row_files import Place
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Add, Create, Document, Update, Write

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
    makes_list: bool = False  #: the list is there only in the end


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a page's people."""

    contacts: Mapping[str, Document]
    touched: Collection[str]  #: contacts that a row of an earlier page was about
    home: Document | None  #: the list, as far as it is there
    last_page: Document | None  #: of the list, where some may find room on it
    gone: Collection[str]  #: lists that are no more, and that contacts still know


async def read_known(
    engine: Engine,
    target: Target,
    page: Page,
    home: Document | None,
    contacts: Mapping[str, Document],
    touched: Collection[str],
) -> Known:
    """Return what is stored of a page's people, whose contacts and whose list have been read."""
    last: Document | None = None
    gone: Collection[str] = ()
    if home is not None:
        count, joining = home.data["pages"], len(page.ids)
        last = await member_pages.last_page(engine, home.path, count, joining)
    if target.list_id is not None:
        gone = await lists.gone_among(engine, target.org, contacts.values())
    return Known(contacts, touched, home, last, gone)


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
    #: The writes of contacts and of the list's pages.
    writes: list[Write] = field(default_factory=list)
    #: What is added to the counts of the list; nothing where nobody joins it.
    growth: Mapping[str, int] = field(default_factory=dict)
    #: Contacts that were there, with what this changes of each.
    met: list[tuple[Document, Mapping[str, Any]]] = field(default_factory=list)
    _fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    _rows: list[member_pages.Row] = field(default_factory=list)
    #: Whose rows say something that their contacts do not.
    _own: set[str] = field(default_factory=set)

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
        self._write()

    @property
    def behind(self) -> Place:
        """The place behind the rows of the plan."""
        if self.rest is None:
            return self.page.behind
        return self.page.items[-len(self.rest.items) - 1].behind

    @property
    def has_changes(self) -> bool:
        """Whether anything is stored that undoing would take back."""
        return bool(self.created or self.updated or self.members)

    @property
    def grown(self) -> list[Write]:
        """The write that keeps the counts of the list right."""
        if not self.growth:
            return []
        path = paths.list_(self.target.org, self.target.list_id or "")
        is_there = not self.target.makes_list or self.known.home is not None
        return [Add(path, self.growth, must_exist=is_there)]

    def _add(self, row: Good) -> int:
        """Plan what a row writes; return how much text it replaces."""
        stored = self.known.contacts.get(row.id)
        if stored is not None:
            return self._meet(row, stored)
        contact = new_contact(row.id, row.details, now=self.now, imported_by=self.target.import_id)
        fields = contact_fields(contact)
        self.created.append(row.id)
        self._fields[row.id] = fields
        self._join(row, fields)
        return 0

    def _meet(self, row: Good, stored: Document) -> int:
        try:
            changes = self._changes(row, stored)
        except InvalidFieldError as error:
            self.bad.append(_left_out(row, str(error)))
            return 0
        (self.updated if changes else self.unchanged).append(row.id)
        self._fields[row.id] = dict(changes)
        self._join(row, {**stored.data, **changes})
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

    def _join(self, row: Good, contact: Mapping[str, Any]) -> None:
        """Put somebody on the list, if there is one and they are not on it."""
        list_id = self.target.list_id
        if list_id and list_id not in contact["list_pages"]:
            own = row.member
            self.members.append(row.id)
            self._rows.append(member_pages.row_of(row.id, contact, own))
            if own and (own["attributes"] or own["zones"] != contact["zones"]):
                self._own.add(row.id)

    def _write(self) -> None:
        """Make the writes of all that is planned: only now is it known who is on which page."""
        list_id, known = self.target.list_id or "", self.known
        home, count = paths.list_(self.target.org, list_id), 0
        if known.home is not None:
            count = known.home.data["pages"]
        placed = member_pages.place(home, count, known.last_page, self._rows)
        for id_, fields in self._fields.items():
            stored = known.contacts.get(id_)
            if id_ in placed.numbers:
                pages = lists.without(stored, *known.gone) if stored else {}
                note = {"page": placed.numbers[id_], **({"own": True} if id_ in self._own else {})}
                fields["list_pages"] = {**pages, list_id: note}
            if stored is None:
                self.writes.append(Create(paths.contact(self.target.org, id_), fields))
            elif fields:
                self.writes.append(Update(stored.path, fields, stored.version))
        self.writes += placed.writes
        if self.members:
            self.growth = {"size": len(self.members), "pages": placed.pages}


def _left_out(row: Good, reason: str, kind: str = INVALID) -> Bad:
    return Bad(row.line, row.behind, "", reason, kind)
