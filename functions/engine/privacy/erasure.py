"""Erasure: a person is forgotten: contact, places in lists, walks, messages to and from them.

What tells who they are leaves the contact first, so that nobody finds them any more; the empty
document that is left goes last. A process that dies in between leaves it, hidden from everybody
but a repeated erasure, which goes on where the first one stopped. What names a person is created
by nobody who has not read their contact: lists by a commit that fails once it is emptied
(contacts.still_there), and so are walks by entry; messages and walks by launches, which are made
to read again.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.campaign import campaign_from
from functions.domain.campaigns.content import Texts
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.contacts.contact import ERASED, emptied, is_being_erased
from functions.domain.errors import NotFoundError
from functions.domain.messages.attempts import end
from functions.domain.messages.message import Changes, Message, MessageStatus, message_from
from functions.engine import paths
from functions.engine.contacts import lists
from functions.engine.contacts.known_by import ids_of
from functions.engine.imports import undo
from functions.engine.kernel import audit_trail
from functions.engine.kernel.claims import with_claims
from functions.engine.kernel.commits.modify import at_version, modify
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import LAUNCH
from functions.engine.kernel.people import subject_id
from functions.engine.kernel.task_queue import TaskKind, enqueue, task_of
from functions.engine.messages.changes import Recorded, record
from functions.engine.notifications.outbox import commit_with_notices
from functions.engine.ports.store import (
    ConflictError,
    Create,
    Delete,
    Document,
    Query,
    Set,
    Update,
    Where,
    Write,
)
from functions.engine.privacy import walks

log = structlog.get_logger()

REASON: Final = "contact_erased"
_PAGE: Final = 200
#: By how much the clocks of two processes may differ, in leases of a lane.
_LEASES: Final = 2


async def erase(
    engine: Engine, org: str, id_: str, *, by: str, if_version: int | None = None
) -> None:
    """Forget a person: contact, places in lists and campaigns, walks, and who messages were for.

    Walks end. What was pending is cancelled; what is with the provider comes to its end without
    being tried again. A suppression of the address stays: the law wants to know whom not to
    contact. Raises NotFoundError where nobody has the id and nothing was ever planned for it, and
    StaleError.
    """
    path = paths.contact(org, id_)
    await _empty(engine, path, id_, if_version)
    await _leave(engine, path)
    await undo.forget(engine, path)
    await _forget_inbound(engine, path)
    await walks.forget(engine, path)
    await _forget_messages(engine, org, path)
    # Who was read before that may be written only now: not behind this, and then we look again.
    await _restart_launches(engine, org)
    await walks.forget(engine, path)
    await _forget_messages(engine, org, path)
    await walks.forget_events(engine, path)
    await engine.store.commit(Delete(paths.reached(org, id_)))
    await _finish(engine, org, path, by=by)
    log.info("contact_erased", org=org, contact_id=id_)


async def whose(engine: Engine, org: str, *, address: str, subject: str) -> str:
    """Return the id of whoever has an address, or is called so by callers where that is "".

    The address is in its stored spelling; whoever has it need not be stored.
    """
    if not address:
        return await subject_id(engine, org, subject)
    return (await ids_of(engine, org, [address]))[address]


async def _empty(engine: Engine, path: str, id_: str, if_version: int | None) -> None:
    """Leave nothing of the contact that tells who it is; make such a one where there is none."""
    if await engine.store.get(path) is None and not await is_mentioned(engine, path):
        raise NotFoundError("Contact", id_)
    empty = emptied(id_, now=engine.clock.now())

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        document = documents[0]
        if document is None:
            return None, [Create(path, empty)]
        if is_being_erased(document.data):
            return None, []
        stored = at_version(document, "Contact", id_, if_version)
        empty["list_pages"] = stored.data["list_pages"]
        return None, [Set(path, empty, stored.version)]

    await modify(engine.store, [path], decide)


async def is_mentioned(engine: Engine, contact: str) -> bool:
    """Tell whether a campaign, a walk, a message or a text names somebody who is no contact.

    Lists hold contacts only.
    """
    wanted = (Where("contact", "==", contact),)
    for query in (
        Query("members", wanted, limit=1, group=True),
        Query("messages", wanted, ("-created_at",), limit=1, group=True),
        _inbound_of(contact, limit=1),
    ):
        if await engine.store.query(query):
            return True
    return await walks.is_mentioned(engine, contact)


async def _leave(engine: Engine, contact: str) -> None:
    """Remove a person from every list and from the people whom campaigns name themselves."""
    await lists.leave_all(engine, contact)
    query = Query("members", (Where("contact", "==", contact),), limit=_PAGE, group=True)
    while members := await engine.store.query(query):
        homes = Counter(paths.parent(member.path) for member in members)
        found = await engine.store.get_many(list(homes))
        shrunk = [write for home in found if home for write in _shrink(home, homes[home.path])]
        try:
            await engine.store.commit(*(Delete(m.path, m.version) for m in members), *shrunk)
        except ConflictError:
            continue  # Somebody was faster with one of them: see what is left.


def _shrink(home: Document, by: int) -> list[Write]:
    """Return the write that keeps the size of a campaign's audience right."""
    campaign = campaign_from(home.org, home.id, home.data)
    waits = campaign.status in {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED}
    if not waits or campaign.audience.kind is not AudienceKind.RECIPIENTS:
        return []
    return [Update(home.path, {"total": campaign.total - by}, home.version)]


def _inbound_of(contact: str, *, limit: int) -> Query:
    org = contact.split("/", 2)[1]
    return Query(paths.inbound(org), (Where("contact", "==", contact),), limit=limit)


async def _forget_inbound(engine: Engine, contact: str) -> None:
    """Remove every text that a person has sent us."""
    query = _inbound_of(contact, limit=_PAGE)
    while texts := await engine.store.query(query):
        await engine.store.commit(*(Delete(text.path) for text in texts))


async def _forget_messages(engine: Engine, org: str, contact: str) -> None:
    """Take out of every message who it was for; a page that is done is not found again."""
    where = (Where("contact", "==", contact),)
    query = Query("messages", where, ("-created_at",), limit=_PAGE, group=True)
    while messages := await engine.store.query(query):
        try:
            await commit_with_notices(engine, org, *await _forgetting(engine, messages))
        except ConflictError:
            continue  # A sender or a receipt has moved one of them: decide anew.


async def _forgetting(engine: Engine, messages: Sequence[Document]) -> Recorded:
    found: defaultdict[str, list[Versioned[Message]]] = defaultdict(list)
    for document in messages:
        message = message_from(document.id, document.data)
        found[paths.parent(document.path)].append(Versioned(message, document.version))
    homes = await engine.store.get_many(list(found))
    every = [
        await _recorded(engine, path, home, of_home)
        for (path, of_home), home in zip(found.items(), homes, strict=True)
    ]
    writes = [write for recorded in every for write in recorded.writes]
    return Recorded(writes, [notice for recorded in every for notice in recorded.notices])


async def _recorded(
    engine: Engine, path: str, home: Document | None, found: list[Versioned[Message]]
) -> Recorded:
    """Return what is written of one campaign's messages; nobody counts those of none."""
    now = engine.clock.now()
    if home is None:
        pairs = [(each, _forgotten(each.value, now)) for each in found]
        updates = [Update(f"{path}/messages/{m.id}", changed, v) for (m, v), changed in pairs]
        return Recorded(updates, ())
    campaign = campaign_from(home.org, home.id, home.data)
    messages, touched = await with_claims(engine, campaign, found)
    decided = [(each, _forgotten(each.value, now)) for each in messages]
    recorded = record(engine, campaign, decided)
    return recorded._replace(writes=[*recorded.writes, *touched])


def _forgotten(message: Message, now: datetime) -> Changes:
    """Return a message's changes: nobody is told by what is left of it, and nobody called.

    Its country stays, for statistics; so does the provider's id, by which the outcome of what is
    in flight is found.
    """
    blank: Changes = {"contact": "", "address": ERASED, "zones": [], **_UNSAID}
    if message.alias:
        blank["alias"] = ""
    if message.status == MessageStatus.PENDING:
        return {**blank, **end(MessageStatus.CANCELLED, REASON, now=now)}
    return blank


_UNSAID: Final[Changes] = {**Texts()._asdict(), "parameters": []}


async def _restart_launches(engine: Engine, org: str) -> None:
    """Take their lane away from all who create messages for the org just now.

    They may have read a person who is gone by now. Whoever takes the lane next reads again.
    """
    horizon = engine.clock.now() + _LEASES * engine.limits.lane_lease
    # A lane that is held is to be looked at when its lease ends: the same query finds them all.
    query = Query(
        "lanes", (Where("wake_at", "<=", horizon),), ("wake_at",), limit=_PAGE, group=True
    )
    while True:
        lanes = await engine.store.query(query)
        for lane in lanes:
            if lane.org == org and lane.id == LAUNCH:
                await _restart(engine, lane)
        if len(lanes) < _PAGE:
            return
        query = query.after(lanes[-1])


async def _restart(engine: Engine, lane: Document) -> None:
    now = engine.clock.now()

    def decide(documents: list[Document | None]) -> tuple[bool, Sequence[Write]]:
        document = documents[0]
        if document is None or document.data["done"] or document.data["wake_at"] is None:
            return False, []  # Nobody works on it: it is done, or its campaign is paused.
        changes = {"fence": document.data["fence"] + 1, "lease_until": None, "wake_at": now}
        return True, [Update(lane.path, changes, document.version)]

    if await modify(engine.store, [lane.path], decide):
        campaign_id = paths.ids(lane.path)[1]
        await enqueue(engine, task_of(TaskKind.LANE, lane.org, campaign_id, LAUNCH))


async def _finish(engine: Engine, org: str, path: str, *, by: str) -> None:
    """Remove the empty contact, with its entry in the audit trail; it holds the id alone."""
    now = engine.clock.now()

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        document = documents[0]
        # Another erasure was faster, or somebody has stored the person anew, after this one.
        if document is None or not is_being_erased(document.data):
            return None, []
        id_ = f"{document.id}-{document.version}"
        trail = audit_trail.entry(org, id_, action=REASON, by=by, at=now, contact=document.id)
        return None, [Delete(path, document.version), trail]

    await modify(engine.store, [path], decide)
