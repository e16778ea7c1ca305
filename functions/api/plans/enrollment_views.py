"""What is shown of those who walk through a plan."""

from typing import Any, Literal

from pydantic import BaseModel

from functions.domain.kinds import ChannelKind
from functions.domain.messages.ids import node_send, whole_id
from functions.domain.messages.message import Message, MessageStatus
from functions.domain.messages.reasons import explain
from functions.domain.plans.enrollment import EnrollmentStatus
from functions.domain.plans.words import why_left
from functions.engine.plans.enrollments import Found, Told, Whole, as_of_now
from functions.web.cursors import Page
from functions.web.fields import Instant, MaybeInstant


class NextSend(BaseModel):
    """What is sent next, as far as it is known."""

    node: str
    what: str
    at: Instant


class EnteredRow(BaseModel):
    """What became of one of those who were to enter, by its index from 0."""

    index: int
    result: Literal["enrolled", "already", "already_was", "refused"]
    id: str | None = None
    node: str | None = None
    next: NextSend | None = None
    field: str | None = None
    reason: str | None = None
    reason_words: str | None = None


class EnteredRows(BaseModel):
    """How many have entered and how many have not, and each of them."""

    enrolled: int
    already: int
    already_was: int
    refused: int
    results: list[EnteredRow]


class ShownEnrollment(BaseModel):
    """Where one person stands in a plan."""

    id: str
    campaign_id: str
    contact_id: str | None
    subject: str
    key: str
    status: EnrollmentStatus
    reason: str
    reason_words: str
    nodes: list[str]
    entered_by: str
    entered_at: Instant
    entries: int
    next_at: MaybeInstant
    ended_at: MaybeInstant
    goal_at: MaybeInstant


class ListedEnrollment(ShownEnrollment):
    """An enrollment in the list of its campaign, with what the person is called."""

    name: str


class EnrollmentPage(Page[ListedEnrollment]):
    """Some of those who have entered a plan."""


class ContactEnrollment(ShownEnrollment):
    """An enrollment in the list of its contact, with what the campaign is called."""

    campaign_name: str


class ContactEnrollmentPage(Page[ContactEnrollment]):
    """Some of the enrollments of one contact."""


class Awaited(BaseModel):
    """Something that is waited for, and where it leads."""

    on: str
    to: str
    at: MaybeInstant
    sentence: str


class Standing(BaseModel):
    """Where somebody stands, and what they wait for."""

    start: str
    node: str
    since: Instant
    sentence: str
    waits_for: list[Awaited]


class ShownMove(BaseModel):
    """A move, and why it was made."""

    start: str
    source: str
    target: str
    on: str
    at: Instant
    seen: Instant
    why: str


class WalkMessage(BaseModel):
    """A message of a walk; GET /messages/{id} shows what it says, and to whom."""

    id: str
    node: str
    channel: ChannelKind
    step: int
    status: MessageStatus
    reason: str
    reason_words: str
    due_at: MaybeInstant
    sent_at: MaybeInstant


class WholeEnrollment(ShownEnrollment):
    """One person's walk in words: where they stand, why each move was made, what was sent."""

    sentence: str
    standing: list[Standing]
    moves: list[ShownMove]
    older_pages: int
    messages: list[WalkMessage]
    plan_version: int
    data: dict[str, str] | None
    zone: str


class MovePage(BaseModel):
    """A page of the older moves of a walk."""

    moves: list[ShownMove]


class SteeredEnrollment(ShownEnrollment):
    """An enrollment after a step; what a provider has already is beyond recall."""

    beyond_recall: list[str]


def enrollment_item(found: Found) -> dict[str, Any]:
    """Return what is shown of an enrollment in a list."""
    walk = as_of_now(found.campaign, found.walk)
    return {
        "id": found.whole_id,
        "campaign_id": found.campaign.id,
        "contact_id": walk.contact.rpartition("/")[2] or None,
        "subject": walk.subject,
        "key": walk.key,
        "status": walk.status,
        "reason": walk.exit,
        "reason_words": why_left(walk.exit) if walk.exit else "",
        "nodes": [thread.node for thread in walk.threads.values()],
        "entered_by": walk.by,
        "entered_at": walk.entered_at,
        "entries": walk.entry,
        "next_at": walk.next_at,
        "ended_at": walk.ended_at,
        "goal_at": walk.goal_at,
    }


def whole_item(found: Found, whole: Whole, *, with_data: bool) -> dict[str, Any]:
    """Return all that is shown of one enrollment.

    What its entry said may tell who somebody is.
    """
    return {
        **enrollment_item(found),
        "sentence": whole.sentence,
        "standing": [
            {**each._asdict(), "waits_for": [w._asdict() for w in each.waits_for]}
            for each in whole.positions
        ],
        "moves": [move_item(each) for each in whole.moves],
        "older_pages": found.walk.pages,
        "messages": [_message(found, each) for each in whole.messages],
        "plan_version": found.walk.plan,
        "data": dict(found.walk.data) if with_data else None,
        "zone": whole.zone,
    }


def _message(found: Found, message: Message) -> dict[str, Any]:
    named = node_send(message.send)
    return {
        "id": whole_id(found.campaign.id, message.id),
        "node": named.node,
        "channel": found.campaign.send(message.send).channel,
        "step": named.number,
        "status": message.status,
        "reason": message.reason,
        "reason_words": explain(message.reason) if message.reason else "",
        "due_at": message.due_at,
        "sent_at": message.sent_at,
    }


def move_item(told: Told) -> dict[str, Any]:
    """Return what is shown of a move."""
    return {**told.move._asdict(), "why": told.why}
