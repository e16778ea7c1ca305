"""The decision trail of one message: what was decided about it, when and why, in words."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.fallbacks import follower_of
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.errors import NotFoundError
from functions.domain.kinds import facts_of
from functions.domain.messages.delivery_events import EventKind, MessageRef
from functions.domain.messages.ids import fallback_number, node_of, whole_id
from functions.domain.messages.message import Message, MessageStatus, message_from
from functions.domain.messages.reasons import RECEIPTS, STATUSES, explain
from functions.domain.times import are_zones, zone_of
from functions.engine import paths
from functions.engine.campaigns.plans import whole_send
from functions.engine.eligibility import sending_hours
from functions.engine.eligibility.sending_hours import Hours
from functions.engine.kernel.claims import as_they_stand
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Query, Where
from functions.engine.reporting.walked import Walked, walked

#: Actions on a message's campaign that are told at most.
_MOST = 500


class ExplanationLine(NamedTuple):
    """Something that happened to a message; `at` None where it was not written down when."""

    at: datetime | None
    what: str  #: "planned", "campaign", "walk", "sent", "receipt" or "state"
    words: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A message, why it is where it is in one sentence, and what led there, oldest first."""

    campaign: Campaign
    message: Message
    answer: str
    lines: list[ExplanationLine]
    waits_for: Sequence[str] = ()  #: of a walk: what may lead on from the message's node


async def find(engine: Engine, ref: MessageRef) -> tuple[Campaign, Message]:
    """Return a message and its campaign. Raises NotFoundError."""
    home, stored = await engine.store.get_many(
        [paths.campaign(ref.org, ref.campaign), paths.message(ref)]
    )
    if home is None or stored is None:
        raise NotFoundError("Message", whole_id(ref.campaign, ref.message))
    campaign = campaign_from(ref.org, ref.campaign, home.data)
    message = message_from(ref.message, stored.data)
    return (await as_they_stand(engine, [(campaign, message)]))[0]


async def why(engine: Engine, ref: MessageRef) -> Explanation:
    """Return what was decided about a message. Raises NotFoundError."""
    campaign, message = await find(engine, ref)
    planned_at = message.created_at or campaign.started_at or campaign.created_at
    actions, place = await asyncio.gather(
        engine.store.query(_actions(campaign, planned_at)),
        walked(engine, campaign, message),
    )
    told = [
        await _planned(engine, campaign, message, planned_at, place),
        *(ExplanationLine(at, "walk", words) for at, words in (place.lines if place else ())),
        *_of_campaign(message, actions),
        *_sent(message),
        *map(_receipt, message.told),
        *_state(campaign, message),
    ]
    end = datetime.max.replace(tzinfo=UTC)
    lines = sorted(told, key=lambda line: line.at or end)
    waits_for = place.waits_for if place else ()
    return Explanation(campaign, message, _answer(campaign, message), lines, waits_for)


def _actions(campaign: Campaign, since: datetime) -> Query:
    where = (Where("campaign", "==", campaign.id), Where("at", ">", since))
    return Query(paths.audit_trail(campaign.org), where, ("at",), limit=_MOST)


async def _planned(
    engine: Engine, campaign: Campaign, message: Message, at: datetime, place: Walked | None
) -> ExplanationLine:
    """Tell why a message was made, and when it was to be sent."""
    node = node_of(message.send)
    of_node = f" for node '{node}'" if node else ""
    if fallback_number(message.send):
        by = f"{campaign.send(message.send).channel}{of_node}"
        return ExplanationLine(
            at, "planned", f"Planned by {by}, as the message before reached nobody"
        )
    if message.due_at is None and not node:
        return ExplanationLine(at, "planned", "Looked at when the campaign was launched")
    because = f", {place.led_to};" if place else ","
    if message.due_at is None:
        return ExplanationLine(at, "planned", f"Looked at{of_node}{because}".rstrip(",;"))
    planned, until = f"Planned{of_node}{because}", _local(message, message.due_at)
    if message.due_at <= at:
        return ExplanationLine(at, "planned", f"{planned} to be sent at once")
    held = await _what_held(engine, campaign, message, at)
    if held is None:
        return ExplanationLine(at, "planned", f"{planned} to be sent at {until}")
    words = f"{planned} and held back until {until} by {held}"
    return ExplanationLine(at, "planned", words, "quiet_hours")


async def _what_held(
    engine: Engine, campaign: Campaign, message: Message, at: datetime
) -> str | None:
    """Return which hours did not allow sending at an instant; None where all of them did.

    The messages of a plan are made shortly before their time.
    """
    send = await whole_send(engine, campaign, message.send)
    kept = sending_hours.of(engine, campaign, send)
    none = kept._replace(countries=False, quiet=None, send=None, plan=None)
    quiet, own, plan = campaign.rules.quiet_hours, campaign.send_window, send.quiet_hours
    if quiet and _holds(none._replace(quiet=kept.quiet), message, at):
        return f"the organisation's quiet hours, {quiet.start} to {quiet.end}"
    if own and _holds(none._replace(send=kept.send), message, at):
        return f"the campaign's send window, {own.start} to {own.end}"
    if plan and _holds(none._replace(plan=kept.plan), message, at):
        return f"the plan's quiet hours, {plan.start} to {plan.end}"
    if message.enrollment and not _holds(kept, message, at):
        return None
    hours_ = "calling window" if facts_of(send.channel).is_call else "hours for texts"
    return f"the {hours_} of where they are"


def _holds(kept: Hours, message: Message, at: datetime) -> bool:
    return kept.next_open(message.region, message.zones, now=at) != at


def _of_campaign(message: Message, actions: Sequence[Document]) -> Iterator[ExplanationLine]:
    """Tell what was done to the campaign until the message had ended."""
    for entry in actions:
        at, action = entry.data["at"], entry.data["action"]
        if message.ended_at is not None and at > message.ended_at:
            return
        done = _DONE.get(action, f"was changed ({action})")
        reason = entry.data.get("reason") or ""
        words = f"The campaign {done} by {entry.data['by']}{_because(reason, ': ')}"
        yield ExplanationLine(at, "campaign", words, reason)


_DONE = {
    "create": "was created",
    "schedule": "was scheduled",
    "send": "was sent",
    "start": "was started",
    "pause": "was paused",
    "resume": "was resumed",
    "cancel": "was cancelled",
    "reschedule": "was rescheduled",
    "complete": "was completed",
    "fail": "was called failed",
    "give_up": "had a task given up",
    "change_plan": "got another version of its plan",
    "migrate": "had people go over to another version of its plan",
    "close": "was closed to whoever would enter",
}


def _sent(message: Message) -> Iterator[ExplanationLine]:
    """Tell when the latest attempt was taken by the provider."""
    if message.sent_at is not None:
        yield ExplanationLine(
            message.sent_at, "sent", f"Taken by the provider: {_attempts(message)}"
        )


def _attempts(message: Message) -> str:
    told = f"attempt {message.attempt}"
    if not message.uncounted:
        return told
    return f"{told}, of which {message.uncounted} did not count, being put off"


def _receipt(event: Mapping[str, Any]) -> ExplanationLine:
    kind, reason = EventKind(event["kind"]), event.get("reason") or ""
    words = f"Attempt {event['attempt']}: {RECEIPTS[kind]}{_because(reason)}"
    if event.get("machine"):
        words += " (it was a program: a scanner or a proxy)"
    return ExplanationLine(event["at"], "receipt", words, reason)


def _state(campaign: Campaign, message: Message) -> Iterator[ExplanationLine]:
    """Tell where the message stands, unless its last receipt has told that."""
    if message.ended_at is not None or MessageStatus(message.status) in _UNTOLD:
        yield ExplanationLine(message.ended_at, "state", _answer(campaign, message), message.reason)
    if message.followed and (follower := follower_of(campaign, message)):
        channel = campaign.send(follower.key).channel
        yield ExplanationLine(
            message.ended_at, "state", f"It was followed by another one, by {channel}"
        )


_UNTOLD = frozenset({MessageStatus.PENDING, MessageStatus.SENDING, MessageStatus.UNKNOWN})


def _answer(campaign: Campaign, message: Message) -> str:
    """Say in one sentence where a message stands and why."""
    status = MessageStatus(message.status)
    words = f"It {STATUSES[status]}"
    if status is MessageStatus.PENDING:
        return words + _waiting(campaign, message)
    if status is MessageStatus.FAILED and message.attempt:
        return f"{words} in {_tries(message)}{_because(message.reason)}"
    if message.sent_at is not None and not message.reason:
        return f"{words}; it was sent at {_local(message, message.sent_at)}"
    return words + _because(message.reason)


def _waiting(campaign: Campaign, message: Message) -> str:
    if campaign.status is CampaignStatus.PAUSED:
        return f", because its campaign is paused{_because(campaign.reason or '', ': ')}"
    if campaign.has_ended:
        return f", and is being written off, because its campaign is {campaign.status}"
    until = _local(message, message.next_at) if message.next_at else "its turn"
    return f" at {until}{_because(message.reason)}"


def _tries(message: Message) -> str:
    counted = message.counted_attempts
    tries = "one attempt" if counted == 1 else f"{counted} attempts"
    return f"{tries} and {message.uncounted} put off" if message.uncounted else tries


def _because(reason: str, before: str = ", because ") -> str:
    return f"{before}{explain(reason)}" if reason else ""


def _local(message: Message, at: datetime) -> str:
    """Return an instant as clocks show it where the person is."""
    zone = message.zones[0] if message.zones and are_zones(message.zones) else "UTC"
    return f"{at.astimezone(zone_of(zone)):%H:%M on %d %B %Y} in {zone}"
