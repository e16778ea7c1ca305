"""What the engine needs of the world: written contracts, each promise numbered and tested.

The conformance classes in tests/stores, tests/queues and tests/channels hold one test per
promise; its docstring opens with the promise's number.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from functions.domain.campaign import ChannelKind
from functions.domain.events import DeliveryEvent, Inbound, MessageRef
from functions.domain.notifications import Hearing
from functions.domain.outcomes import Accepted as Accepted
from functions.domain.outcomes import Deferred as Deferred
from functions.domain.outcomes import Rejected as Rejected
from functions.domain.outcomes import SendOutcome as SendOutcome
from functions.domain.outcomes import Unknown as Unknown

# --- Store ----------------------------------------------------------------------------------

Fields: TypeAlias = Mapping[str, Any]
"""A document's content: str, int, float, bool, None, aware datetime, lists and maps of these."""


class Document(NamedTuple):
    """One stored document, as it was when it was read."""

    path: str
    version: int
    data: dict[str, Any]

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

    With must_exist only to a document that is there.
    """

    path: str
    amounts: Mapping[str, int]
    must_exist: bool = False


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
    9. `get_many` answers in the order of its paths, None for what does not exist.
    10. `count` counts what the query without its limit and offset would return.
    11. What was committed survives kill -9 of this process.
    12. Of several commits at once on one version of a document, exactly one succeeds.
    13. `Add` adds to the named numbers whatever others add meanwhile, creates what is missing and
        has no precondition but must_exist, which raises ConflictError where the document is
        missing; its document must not be written otherwise in the same commit.
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


# --- TaskQueue ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Task:
    """Work to be done by the `run_task` function: a kind from engine/tasks.py and its arguments."""

    kind: str
    body: Mapping[str, str] = field(default_factory=dict)


class TaskQueue(Protocol):
    """Delivers tasks to the `run_task` function, over HTTP, at least once.

    1. A task is delivered at or after `at` (now, if not given), and again with back-off until
       the handler answers 2xx or the attempts are used up; the handler sees which attempt it is.
    2. Two enqueues with one `key` deliver once, within the queue's memory of names.
    3. A task further ahead than the queue can hold is not enqueued (`enqueue` answers False):
       the every-minute check finds it when its time comes.
    4. A lost task loses nothing: what is due stands in the store.
    5. `is_well` tells, without raising, whether tasks are being delivered: no longer once the
       queue was closed, paused or deleted, or does not answer.
    """

    async def enqueue(
        self, task: Task, *, at: datetime | None = None, key: str | None = None
    ) -> bool: ...
    async def is_well(self) -> bool: ...
    async def close(self) -> None: ...


# --- Channel --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Traits:
    """What the engine must know of a channel to use it well."""

    idempotent: bool = False  #: sending one message twice reaches the person once
    rate_per_s: float | None = None  #: messages a second and sender, where settings say nothing
    account_rate_per_s: float | None = None  #: requests a second that the provider takes of us all
    by_segments: bool = False  #: a text of three SMS segments counts three times
    holds_live_call: bool = False  #: a sent message occupies a live-call slot until it ends
    needs_bot: bool = False  #: the bot behind the campaign's wss_url must be warm before the start
    recalls: bool = False  #: of what it has taken, some can be recalled


class Outbound(NamedTuple):
    """One attempt of one message, ready to be handed to a provider."""

    ref: MessageRef
    attempt: int
    to: str  #: address, E.164 for voice
    sender: str
    bot_url: str = ""
    machine_detection: str = ""  #: "", "true" (tell us) or "hangup" (tell us and hang up)
    body: str = ""  #: what a text message says
    channel: ChannelKind = ChannelKind.VOICE
    subject: str = ""  #: of a mail
    html: str = ""  #: of a mail; "" for text alone
    provider_template: str = ""  #: a text that the provider keeps, instead of the body
    language: str = ""  #: of that text
    parameters: Sequence[str] = ()  #: what that text is filled in with
    webhook_url: str = ""  #: where a webhook message is posted to
    campaign_name: str = ""
    expires_at: datetime | None = None  #: the provider is not to deliver it later than this


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A provider's callback as it arrived, under the URL that the provider knows us by."""

    method: str
    url: str
    headers: Mapping[str, str]  #: names in lower case
    body: bytes


class SignatureError(Exception):
    """A webhook's signature is missing or wrong."""


class Answer(NamedTuple):
    """What a provider is told to do with an answered call."""

    media_type: str
    body: bytes


class Receiver(Protocol):
    """Understands what one provider tells. It never sees the store.

    1. `parse_webhook` raises SignatureError before it looks at anything else.
    2. One callback delivered twice gives events with the same ids.
    3. `greet` answers a provider that asks whether a URL is ours; SignatureError to anybody else.
    """

    traits: Traits

    def parse_webhook(self, request: WebhookRequest) -> Sequence[DeliveryEvent | Inbound]: ...
    def greet(self, request: WebhookRequest) -> Answer: ...
    def answer(self, ref: MessageRef, attempt: int, bot_url: str) -> Answer: ...


class Channel(Receiver, Protocol):
    """A Receiver that also hands messages to its provider.

    1. `send` never raises for what a provider or the network does: it answers with a value.
    2. A request that may have reached the provider and has no clear answer is Unknown, or, where
       repeating it is harmless (idempotent), Deferred; it is not repeated by the channel.
    3. `look_up` tells how a message that was sent stands, None where nothing is known yet; where
       the answer to the sending was lost (`provider_id` is ""), it finds the message if it can.
    4. `recall` answers True only where the provider will not deliver the message any more; what
       cannot be recalled, or is not known to be, is False. Asking again does no harm.
    """

    async def send(self, outbound: Outbound) -> SendOutcome: ...
    async def look_up(self, sent: Outbound, provider_id: str) -> DeliveryEvent | None: ...
    async def recall(self, sent: Outbound, provider_id: str) -> bool: ...
    async def close(self) -> None: ...


class Bots(Protocol):
    """The voice bots that answered calls are connected to."""

    async def is_ready(self, bot_url: str) -> bool:
        """Wake the bot behind a ws:// or wss:// URL; True once it answers, False if it does not."""
        ...


# --- Notifier -------------------------------------------------------------------------------


class Notifier(Protocol):
    """Tells the servers of subscribers what has happened. It never sees the store.

    1. `tell` never raises for what the receiver or the network does: it answers with a value.
    2. It posts the body and headers as they are, once, and follows no redirect.
    3. It gives up after about ten seconds; of an answer it keeps the status and how long to wait.
    4. A URL that names our own network, or a name that leads there, is not connected to, however
       the name resolved before; where private hosts are allowed, it is.
    5. `refusal` tells beforehand why a URL would not be called, "" where it would.
    """

    async def refusal(self, url: str) -> str: ...
    async def tell(self, url: str, headers: Mapping[str, str], body: bytes) -> Hearing: ...
    async def close(self) -> None: ...


# --- Clock ----------------------------------------------------------------------------------


class Clock(Protocol):
    """The time, UTC. Only bootstrap has the real one."""

    def now(self) -> datetime: ...
    async def sleep(self, seconds: float) -> None: ...
