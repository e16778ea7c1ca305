"""What readers do with a mail, by its own links; programs that do the same are told apart.

What a program did is kept with what was told of the message, marked as `machine`. It changes
nothing else of it, and none of its campaign's statistics.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from functions.domain.campaigns.campaign import campaign_from
from functions.domain.digest import digest
from functions.domain.errors import NotFoundError
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind
from functions.domain.messages.message import Changes, Message, MessageStatus, message_from
from functions.domain.messages.programs import (
    BURST,
    SCAN,
    SETTLED,
    is_arriving,
    is_program,
    is_proxy,
)
from functions.domain.messages.told import told, with_told, without
from functions.domain.urls.tracking_links import Link
from functions.engine import paths
from functions.engine.kernel.commits.modify import modify
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.messages.changes import record
from functions.engine.ports.store import Document, Update, Write
from functions.engine.receipts.receive import receive

#: For how long after a hidden link was followed no click counts.
_TRAPPED: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request for one of a mail's links."""

    link: Link
    agent: str
    headers: Mapping[str, str]
    looks_only: bool = False  #: HEAD, or a link that no person sees

    @property
    def id(self) -> str:
        """The event of what a person does: once for each attempt."""
        return f"link-{self.kind}-{self.link.attempt}"

    @property
    def machine_id(self) -> str:
        """The event of what a program does instead."""
        return f"{self.id}-machine"

    @property
    def kind(self) -> EventKind:
        """What a person would have done."""
        return EventKind.READ if not self.link.target and not self.looks_only else EventKind.CLICKED

    @property
    def is_program(self) -> bool:
        """Tell whether the request says so itself."""
        return self.looks_only or is_program(self.agent, self.headers)


async def note(engine: Engine, visit: Visit) -> None:
    """Note an opening or a click, of a person or of a program. Raises NotFoundError."""
    now, ref = engine.clock.now(), visit.link.ref
    stored = await engine.store.get(paths.message(ref))
    if stored is None:
        raise NotFoundError("Message", ref.message)
    message = message_from(stored.id, stored.data)
    clicked, scanned = told(message, visit.id), told(message, visit.machine_id)
    if visit.kind is EventKind.READ:
        soon = is_proxy(visit.agent) and is_arriving(message.sent_at, now=now, within=SCAN)
        by_program = visit.is_program or soon
    else:
        arriving = is_arriving(message.sent_at, now=now)
        is_burst = arriving and _follows(visit, clicked, now)
        by_program = visit.is_program or is_burst or _is_scanned(scanned, now, arriving=arriving)
        if by_program and arriving and clicked and now - clicked["at"] <= BURST:
            await _take_back(engine, visit)
    if by_program:
        await _note_program(engine, visit, now)
        return
    hasty = visit.kind is EventKind.CLICKED and is_arriving(message.sent_at, now=now)
    await receive(engine, _event(visit, now, now + SETTLED if hasty else None))


async def _note_program(engine: Engine, visit: Visit, now: datetime) -> None:
    """Remember what a program did with a message, the last time that it did."""
    path = paths.message(visit.link.ref)

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        stored = documents[0]
        if stored is None:
            return None, []
        message = message_from(stored.id, stored.data)
        before = told(message, visit.machine_id) or {}
        kept = {**_fields(visit, now), "id": visit.machine_id, "machine": True}
        trapped = visit.looks_only and not visit.link.target
        if trapped_at := now if trapped else before.get("trapped_at"):
            kept["trapped_at"] = trapped_at
        return None, [Update(path, {"told": with_told(message, kept)}, stored.version)]

    await modify(engine.store, [path], decide)


def _follows(visit: Visit, clicked: Mapping[str, Any] | None, now: datetime) -> bool:
    """Tell whether another link was followed a moment ago: nobody reads so fast."""
    if clicked is None or clicked.get("link", "") == _link(visit):
        return False
    return bool(now - clicked["at"] <= BURST)


def _is_scanned(scanned: Mapping[str, Any] | None, now: datetime, *, arriving: bool) -> bool:
    if scanned is None:
        return False
    trapped_at = scanned.get("trapped_at")
    if trapped_at is not None and now - trapped_at <= _TRAPPED:
        return True
    return bool(arriving and now - scanned["at"] <= SCAN)


async def _take_back(engine: Engine, visit: Visit) -> None:
    """Make a click that a program turns out to have made its own again."""
    ref = visit.link.ref
    asked = [paths.message(ref), paths.campaign(ref.org, ref.campaign)]

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        stored, home = documents
        if stored is None or home is None:
            return None, []
        message = message_from(stored.id, stored.data)
        clicked = told(message, visit.id)
        if clicked is None:
            return None, []
        changes = {**_unclicked(message, clicked["at"]), "told": without(message, visit.id)}
        campaign = campaign_from(ref.org, ref.campaign, home.data)
        recorded = record(engine, campaign, [(Versioned(message, stored.version), changes)])
        return None, recorded.writes

    await modify(engine.store, asked, decide)


def _unclicked(message: Message, at: datetime) -> Changes:
    """Return what takes a click back; nothing where another one is noted."""
    if message.clicked_at != at:
        return {}
    if message.status != MessageStatus.READ or message.read_at is not None:
        return {"clicked_at": None}
    before = MessageStatus.DELIVERED if message.delivered_at else MessageStatus.SENT
    return {"clicked_at": None, "status": before}


def _event(visit: Visit, now: datetime, settles_at: datetime | None) -> DeliveryEvent:
    ref, attempt = visit.link.ref, visit.link.attempt
    link, kind = _link(visit), visit.kind
    return DeliveryEvent(visit.id, ref, attempt, kind, now, link=link, settles_at=settles_at)


def _fields(visit: Visit, now: datetime) -> dict[str, Any]:
    return {"kind": visit.kind, "attempt": visit.link.attempt, "at": now}


def _link(visit: Visit) -> str:
    return digest(visit.link.target) if visit.link.target else ""
