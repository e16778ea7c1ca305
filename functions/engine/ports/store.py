"""What the engine needs of the world: written contracts, each promise numbered and tested.

The conformance classes in tests/stores, tests/queues and tests/channels hold one test per
promise; its docstring opens with the promise's number.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, final

Fields: TypeAlias = Mapping[str, Any]
"""A document's content: str, int, float, bool, None, aware datetime, lists and maps of these."""


@final
class Document:
    """One stored document, as it was when it was read.

    A store may hand over how its content is read out, which is done when somebody looks at it.
    """

    __slots__ = ("_content", "path", "version")

    def __init__(
        self, path: str, version: int, content: dict[str, Any] | Callable[[], dict[str, Any]]
    ) -> None:
        self.path = path
        self.version = version
        self._content = content

    @property
    def data(self) -> dict[str, Any]:
        """The content."""
        if callable(self._content):
            self._content = self._content()
        return self._content

    def __repr__(self) -> str:
        return f"Document(path={self.path!r}, version={self.version!r}, data={self.data!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Document):
            return NotImplemented
        mine, theirs = (self.path, self.version), (other.path, other.version)
        return mine == theirs and self.data == other.data

    __hash__ = None  # type: ignore[assignment]  # its content has none

    @property
    def id(self) -> str:
        """The last segment of the path."""
        return self.path.rpartition("/")[2]

    @property
    def org(self) -> str:
        """The tenant that the path lies under."""
        return self.path.split("/", 2)[1]


class Create(NamedTuple):
    """Write a document that must not exist yet."""

    path: str
    data: Fields


class Set(NamedTuple):
    """Write a whole document, whether or not it exists; with if_version only over that version."""

    path: str
    data: Fields
    if_version: int | None = None


class Update(NamedTuple):
    """Replace the named top-level fields of a document that must exist, at if_version if given."""

    path: str
    changes: Fields
    if_version: int | None = None


class Delete(NamedTuple):
    """Remove a document: at if_version if given, else whether or not it exists."""

    path: str
    if_version: int | None = None


class Add(NamedTuple):
    """Add to whole numbers of a document; where it, or one of them, is missing, it counts as 0.

    With must_exist only to a document that is there. `within` names the map whose numbers are
    meant; without it they are fields of the document.
    """

    path: str
    amounts: Mapping[str, int]
    must_exist: bool = False
    within: str = ""


Write: TypeAlias = Create | Set | Update | Delete | Add

Operator = Literal["==", "<", "<=", ">", ">="]


class Where(NamedTuple):
    """One condition on a top-level field. An absent field or None matches only `== None`."""

    field: str
    op: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class Query:
    """Documents of one collection, or (`group`) of every collection of that name.

    `order_by` names fields, descending where prefixed with "-"; ties, and everything where no
    field is named, follow the path in the direction of the last field. A document without the
    ordered field is not returned. A range condition must be on the first ordered field.
    `start_after` holds the values of the ordered fields and then the path of the last document
    seen (see `after`). `offset` leaves out so many of the first documents; each of them costs
    what a read costs, so it is for the first pages only.
    """

    collection: str
    where: tuple[Where, ...] = ()
    order_by: tuple[str, ...] = ()
    limit: int = 100
    start_after: tuple[Any, ...] | None = None
    group: bool = False
    offset: int = 0

    def cursor(self, last: Document) -> tuple[Any, ...]:
        """Return the `start_after` that continues behind `last`."""
        return (*(last.data.get(name.lstrip("-")) for name in self.order_by), last.path)

    def after(self, last: Document) -> "Query":
        """Return this query, continued behind `last`: what `offset` leaves out lies before it."""
        return replace(self, start_after=self.cursor(last), offset=0)


class StoreError(Exception):
    """A store could not do what it was asked."""


class ConflictError(StoreError):
    """A precondition of a commit did not hold; nothing of that commit was applied."""


class RefusedError(StoreError):
    """A commit is more than the store ever takes; nothing of it was applied."""


class MissingIndexError(StoreError):
    """No index declared in infra/firestore.indexes.json serves this query."""


class Store(Protocol):
    """Documents under slash-separated paths of alternating collection names and ids.

    1. A committed document reads back equal: zones are kept as UTC instants, to the microsecond.
    2. A commit is applied whole or not at all; what it wrote is read by every later read.
    3. `Create` of an existing document raises ConflictError.
    4. `Update`, `Set` and `Delete` with a stale or missing if_version's document raise
       ConflictError; `Update` of a missing document does so even without if_version.
    5. Every applied write gives its document a version that it never had before; commit returns
       the versions in the order of its writes, ready to be used as if_version (0 for a Delete or
       an Add).
    6. `Update` replaces the named top-level fields and leaves the others alone.
    7. Queries return documents in the asked order, at most `limit`; following `after` visits
       every document once.
    8. A query that no declared index serves raises MissingIndexError.
    9. `get_many` answers in the order of its paths, None for what does not exist; all as they
        were at one moment.
    10. `count` counts what the query without its limit and offset would return.
    11. What was committed survives kill -9 of this process.
    12. Of several commits at once on one version of a document, exactly one succeeds.
    13. `Add` adds to the named numbers whatever others add meanwhile, creates what is missing and
        has no precondition but must_exist, which raises ConflictError where the document is
        missing; its document must not be written otherwise in the same commit. A map that is
        added within is created where it is missing, or where something else has its name.
    14. `offset` documents are left out before `limit` is counted.
    15. `stream` yields what a query without its limit would return, in the same order and in
        parts of at most `limit`, as they are read; it may be closed early.
    """

    async def get(self, path: str) -> Document | None: ...
    async def get_many(self, paths: Sequence[str]) -> list[Document | None]: ...
    async def query(self, query: Query) -> list[Document]: ...
    def stream(self, query: Query) -> AsyncGenerator[list[Document], None]: ...
    async def count(self, query: Query) -> int: ...
    async def commit(self, *writes: Write) -> list[int]: ...
    async def close(self) -> None: ...
