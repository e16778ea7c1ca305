"""Applying: what receipts of one campaign's messages change, in one commit."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Send
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.errors import NotFoundError
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind
from functions.domain.messages.ids import is_of_node, lane_number, node_send, watch_lane
from functions.domain.messages.message import Message, MessageStatus, message_from
from functions.domain.messages.receipts import after_event
from functions.domain.messages.told import entry, told, with_told
from functions.domain.notifications.events import Notice
from functions.engine import paths
from functions.engine.kernel.claims import lane_of, touch
from functions.engine.kernel.commits.one_commit import one_commit
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.messages.changes import record
from functions.engine.notifications.outbox import commit_with_notices
from functions.engine.pacing import live_calls
from functions.engine.ports.store import Document, RefusedError, Update, Write
from functions.engine.receipts import recent_campaigns

#: Writes that receipts share a commit for, without those of notifications.
_MOST: Final = 400


class Applied(NamedTuple):
    """What a receipt has made of its message."""

    campaign: Campaign  #: as it was two seconds ago, or since (recent_campaigns.py)
    message: Message
    waited: bool = True  #: before this, a lane had to look at the message again
    is_new: bool = False  #: it changed the message, and nobody had told it before
    marked: bool = False  #: it is something that the message's walk waits for

    @property
    def send(self) -> Send:
        """What the message went by."""
        return self.campaign.send(self.message.send)


class _Decided(NamedTuple):
    applied: Applied
    writes: Sequence[Write] = ()
    notices: Sequence[Notice | None] = ()


class End(NamedTuple):
    """A receipt that may tell of a call's end, and until when it may wait for others."""

    event: DeliveryEvent
    until: datetime


async def apply_ends(engine: Engine, ends: Sequence[End]) -> list[Applied | Exception]:
    """Apply receipts as `apply` does, with whatever else is committed of the campaign by then."""
    within = min(each.until for each in ends) - engine.clock.now()
    return await apply(engine, [each.event for each in ends], within=within)


async def apply(
    engine: Engine, events: Sequence[DeliveryEvent], *, within: timedelta = timedelta()
) -> list[Applied | Exception]:
    """Apply receipts of one campaign's messages one after the other, and commit that at once.

    Those of calls that have ended may be committed later, `within` a time. Returns what became of
    each: NotFoundError for one whose message does not exist. Raises ConflictError, with nothing
    written, where a message has changed since it was read.
    """
    campaign, stored = await _read(engine, events)
    results = list[Applied | Exception]()
    writes, notices = list[Write](), list[Notice | None]()
    for event in events:
        try:
            decided = _decide(engine, event, campaign, stored)
        except Exception as error:  # noqa: BLE001 - raised where this receipt is waited for
            results.append(error)
            continue
        results.append(decided.applied)
        writes += decided.writes
        notices += decided.notices
    together = one_commit(writes)
    if len(together) > _MOST and len(events) > 1:
        raise RefusedError(f"{len(together)} writes are more than one commit should have")
    if together:
        joint, about = engine.memory.joint_commits, events[0].ref[:2]
        by = partial(joint.now, about, engine.store)
        if _note_ends(engine, events, results) and within > timedelta():
            by = partial(joint.soon, about, engine.store, within=within)
        await commit_with_notices(engine, events[0].ref.org, together, notices, by=by)
        recent_campaigns.forget_changed(engine, together)
    return results


def _note_ends(
    engine: Engine, events: Sequence[DeliveryEvent], results: Sequence[Applied | Exception]
) -> bool:
    """Note which calls have ended, before that is durable: others may be made in their place.

    Returns True where all receipts are of such calls.
    """
    ended = [
        each
        for event, each in zip(events, results, strict=True)
        if isinstance(each, Applied) and each.is_new and is_over(event, each.message)
    ]
    calls = [each for each in ended if engine.holds_live_call(each.send)]
    for each in calls:
        live_calls.note_ended(engine, each.campaign.org, each.send, [each.message.id])
    return len(calls) == len(events)


def is_over(event: DeliveryEvent, message: Message) -> bool:
    """Tell whether the attempt that a receipt is about has ended, by the message as it is now."""
    has_ended = message.lane is None or message.status == MessageStatus.PENDING
    return message.attempt == event.attempt and has_ended


async def _read(
    engine: Engine, events: Sequence[DeliveryEvent]
) -> tuple[Campaign | None, dict[str, Document]]:
    """Return the campaign of receipts and their messages by path, as far as these exist.

    The campaign may be two seconds old where nothing is decided by what changes.
    """
    org, id_, _ = events[0].ref
    wanted = list(dict.fromkeys(paths.message(event.ref) for event in events))
    known = recent_campaigns.known(engine, org, id_)
    home = [] if known else [paths.campaign(org, id_)]
    found = await engine.store.get_many([*wanted, *home])
    stored = {each.path: each for each in found[: len(wanted)] if each is not None}
    campaign = known or recent_campaigns.keep(engine, found[-1])
    if campaign is None:
        return None, stored
    reopened = {
        lane_of(campaign, event.ref.message) for event in events if _may_reopen(event, stored)
    }
    if reopened:
        # At one moment with the campaign: it must not end while one of them is being reopened.
        asked = [paths.campaign(org, id_), *sorted(reopened)]
        home_, *lanes = await engine.store.get_many(asked)
        stored |= {lane.path: lane for lane in lanes if lane is not None}
        return recent_campaigns.keep(engine, home_), stored
    if known is not None and any(_is_outdated(known, event, stored) for event in events):
        return await recent_campaigns.load_anew(engine, org, id_), stored
    return campaign, stored


def _may_reopen(event: DeliveryEvent, stored: Mapping[str, Document]) -> bool:
    """Tell whether a receipt may have a text tried again of which no lane waits for more."""
    document = stored.get(paths.message(event.ref))
    if document is None or event.kind is not EventKind.FAILED:
        return False
    return _is_taken(message_from(document.id, document.data))


def _is_outdated(campaign: Campaign, event: DeliveryEvent, stored: Mapping[str, Document]) -> bool:
    """Tell whether a plan has got a new route since the campaign was read."""
    document = stored.get(paths.message(event.ref))
    send = document.data.get("send", "") if document is not None else ""
    return is_of_node(send) and node_send(send).route >= len(campaign.routes)


def _is_taken(message: Message) -> bool:
    """Tell whether a provider has taken a message of which no lane waits for more."""
    return message.lane is None and message.status == MessageStatus.SENT


def _decide(
    engine: Engine,
    event: DeliveryEvent,
    campaign: Campaign | None,
    stored: dict[str, Document],
) -> _Decided:
    """Decide on one receipt; `stored` then has its message as it will be."""
    path = paths.message(event.ref)
    document = stored.get(path)
    if document is None or campaign is None:
        raise NotFoundError("Message", event.ref.message)
    message = message_from(document.id, document.data)
    if told(message, event.id) is not None:
        return _Decided(Applied(campaign, message, marked=bool(message.enrollment)))
    now = engine.clock.now()
    changes = after_event(_awaited(campaign, message), event, engine.policy, now=now)
    noted = {**changes, "told": with_told(message, entry(event))}
    decided = [(Versioned(message, document.version), noted)]
    recorded = record(engine, campaign, decided, walk_at=event.settles_at)
    writes, notices = list(recorded.writes), list(recorded.notices)
    written = next(w for w in writes if isinstance(w, Update) and w.path == path)
    stored[path] = Document(path, document.version, {**document.data, **written.changes})
    if not changes:
        return _Decided(Applied(campaign, message, waited=False), writes)
    after = message_from(document.id, stored[path].data)
    if message.status == MessageStatus.PENDING and message.attempt == after.attempt:
        writes.append(touch(campaign, message.id))  # its lane may be about to send it again
    if _is_taken(message) and after.status == MessageStatus.PENDING:
        writes += _reopening(engine, campaign, stored.get(lane_of(campaign, message.id)))
    waited = message.lane is not None or after.status == MessageStatus.PENDING
    marked = bool(message.enrollment) and recorded.marked
    applied = Applied(campaign, after, waited=waited, is_new=True, marked=marked)
    return _Decided(applied, writes, notices)


def _reopening(engine: Engine, campaign: Campaign, lane: Document | None) -> list[Write]:
    """Return what keeps a campaign from ending whose lane has something to do again.

    It is woken for the right time after this; should we die before that, the check finds it. That
    of a paused campaign is woken as it is resumed.
    """
    if lane is None:
        return []
    changes: dict[str, Any] = {"done": False}
    if campaign.status is not CampaignStatus.PAUSED:
        soon = engine.clock.now() + engine.limits.lane_lease
        changes["wake_at"] = min(lane.data["wake_at"] or soon, soon)
    return [Update(lane.path, changes, lane.version)]


def _awaited(campaign: Campaign, message: Message) -> Message:
    """Return a message as its lane would hold it if it could be tried again.

    Nobody waits for the receipt of a text, but one that fails for now is worth another attempt
    for as long as its campaign has not ended.
    """
    if _is_taken(message) and not campaign.has_ended:
        return message._replace(lane=watch_lane(lane_number(message.id, campaign.lanes)))
    return message
