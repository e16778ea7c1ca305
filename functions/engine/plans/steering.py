"""Steering: people pause, resume and move one person's walk, or take them out of it.

Each is one commit over the version of the enrollment that was read and those of its messages. A
lane that walks or sends at the same moment conflicts with it, and one of the two decides anew.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

import structlog

from functions.domain.campaigns.campaign import Campaign
from functions.domain.errors import EnrollmentStatusError, InvalidFieldError, StaleError
from functions.domain.kinds import CampaignKind, facts_of
from functions.domain.messages.attempts import end
from functions.domain.messages.happened import has_ended
from functions.domain.messages.ids import node_send, whole_id
from functions.domain.messages.message import (
    CALLS_IN_FLIGHT,
    TEXTS_IN_FLIGHT,
    Changes,
    Message,
    MessageStatus,
)
from functions.domain.plans.enrollment import (
    MIGRATED,
    MOVES_KEPT,
    OPERATOR,
    Enrollment,
    EnrollmentStatus,
    Move,
    Thread,
)
from functions.domain.plans.visits import message_name
from functions.engine.kernel import audit_trail
from functions.engine.kernel.commits.modify import retried
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.notifications.outbox import commit_with_notices
from functions.engine.plans.changes import record_walks
from functions.engine.plans.decisions import Decided, Walk
from functions.engine.plans.enroll import wake
from functions.engine.plans.enrollments import Found, as_of_now, check_node, find, messages_of
from functions.engine.ports.store import Create, Write

log = structlog.get_logger()

#: Why a message of somebody who is paused waits, or was not sent.
PAUSED: Final = "enrollment_paused"

_Messages: TypeAlias = Sequence[Versioned[Message]]
_Changed: TypeAlias = list[tuple[Versioned[Message], Changes]]
_Change: TypeAlias = Callable[[Found, _Messages, datetime], tuple[Enrollment, _Changed]]
"""Returns what becomes of a walk and of its messages; raises where that may not be."""


class Steered(NamedTuple):
    """An enrollment after a step, and its messages that are with a provider: beyond recall."""

    found: Found
    beyond_recall: Sequence[str]


class _Act(NamedTuple):
    """What somebody does to an enrollment, and who they are, for the audit trail."""

    action: str
    by: str
    reason: str | None = None


async def pause(
    engine: Engine, org: str, campaign_id: str, id_: str, *, by: str, reason: str | None = None
) -> Steered:
    """Have nothing more sent to somebody until they are resumed; events go on being noted.

    Raises NotFoundError, and EnrollmentStatusError where they are not under way.
    """
    act = _Act("pause", by, reason)
    return await _steer(engine, (org, campaign_id, id_), act, _paused)


async def resume(
    engine: Engine, org: str, campaign_id: str, id_: str, *, by: str, reason: str | None = None
) -> Steered:
    """Have somebody go on; of what fell due meanwhile the newest step is sent, by its own time.

    Raises NotFoundError, and EnrollmentStatusError where they are not paused.
    """
    act = _Act("resume", by, reason)
    return await _steer(engine, (org, campaign_id, id_), act, _resumed)


async def exit_(
    engine: Engine, org: str, campaign_id: str, id_: str, *, by: str, reason: str | None = None
) -> Steered:
    """Take somebody out of their campaign's plan; what waits to be sent is written off.

    Raises NotFoundError, and EnrollmentStatusError where nothing is left to be done for them.
    """
    act = _Act("exit", by, reason)
    return await _steer(engine, (org, campaign_id, id_), act, _exited)


async def move(
    engine: Engine,
    org: str,
    campaign_id: str,
    id_: str,
    node: str,
    *,
    by: str,
    reason: str | None = None,
) -> Steered:
    """Have somebody go on from another node of their journey, which they enter now.

    Raises NotFoundError, EnrollmentStatusError where they have ended, InvalidFieldError for a node
    that the plan does not have, and for a sequence: its steps wait each for itself; StaleError
    where they go over to another version meanwhile.
    """
    found = await find(engine, org, campaign_id, id_)
    if found.campaign.kind is not CampaignKind.JOURNEY:
        sentence = "is for journeys: the steps of a sequence wait each for itself"
        raise InvalidFieldError("node", f"node: {sentence}")
    number = found.walk.plan
    check_node((await plan_of(engine, found.campaign, number)).plan, node)

    def moved(found: Found, messages: _Messages, now: datetime) -> tuple[Enrollment, _Changed]:
        if found.walk.plan != number:  # they have gone over meanwhile
            raise StaleError("Enrollment")
        return _moved(found, messages, now, node)

    act = _Act("move", by, reason)
    return await _steer(engine, (org, campaign_id, id_), act, moved, to=node)


async def _steer(
    engine: Engine, ref: tuple[str, str, str], act: _Act, change: _Change, **about: Any
) -> Steered:
    """Commit a change of a walk with all that belongs to it, and wake the lane that walks it."""

    async def attempt() -> Steered:
        found, now = await find(engine, *ref), engine.clock.now()
        messages, writes = await messages_of(engine, found)
        after, changed = change(found, messages, now)
        also = [*(writes if changed else ()), _entry(found, act, now, about)]
        await _commit(engine, found, after, changed, also)
        touched = {each.value.id for each, _ in changed}
        gone = [each.value for each in messages if each.value.id not in touched]
        beyond = [each.id for each in gone if _is_with_provider(found.campaign, each)]
        whole = [whole_id(found.campaign.id, each) for each in beyond]
        return Steered(found._replace(walk=after), whole)

    steered = await retried(attempt, "enrollment")
    found = steered.found
    await wake(engine, found.campaign, [(found.id, found.walk)])
    org, campaign_id, id_ = ref
    about = {"org": org, "campaign_id": campaign_id, "enrollment_id": id_}
    log.info("enrollment_steered", action=act.action, by=act.by, **about)
    return steered


async def _commit(
    engine: Engine, found: Found, after: Enrollment, changed: _Changed, also: Sequence[Write]
) -> None:
    campaign = found.campaign
    decided = Decided(Walk(found.id, found.walk, found.version), after, dropped=changed)
    recorded = record_walks(engine, campaign, [decided])
    await commit_with_notices(engine, campaign.org, [*recorded.writes, *also], recorded.notices)


def _entry(found: Found, act: _Act, now: datetime, about: dict[str, Any]) -> Create:
    """Return the entry of the audit trail; a walk's version is changed once."""
    return audit_trail.entry(
        found.campaign.org,
        f"{found.campaign.id}-{found.id}-{found.version}",
        action=f"{act.action}_enrollment",
        by=act.by,
        at=now,
        reason=act.reason,
        enrollment=found.whole_id,
        **about,
    )


def _is_with_provider(campaign: Campaign, message: Message) -> bool:
    is_call = facts_of(campaign.send(message.send).channel).is_call
    in_flight = CALLS_IN_FLIGHT if is_call else TEXTS_IN_FLIGHT
    is_unknown = message.status == MessageStatus.UNKNOWN and not has_ended(message)
    return message.status in in_flight or is_unknown


# --- What becomes of a walk -----------------------------------------------------------------------


def _paused(found: Found, messages: _Messages, now: datetime) -> tuple[Enrollment, _Changed]:
    """Return a walk without what waits to be sent: it is made anew, when they have gone on.

    What was tried before, or follows what was, stays: it is held back before it is sent.
    """
    walk = found.walk
    waiting = [each for each in messages if _is_untried(each.value)]
    over = dict(_over(found, waiting)) if walk.status != EnrollmentStatus.EXITED else {}
    if not (walk.status == EnrollmentStatus.COMPLETED and over):
        _check_under_way(found, "pause", EnrollmentStatus.PAUSED)
    made = {each.value.id for each in waiting}
    threads = {
        start: thread._replace(visit=thread.visit + 1, message="", due_at=None)
        if thread.message in made
        else thread
        for start, thread in {**walk.threads, **over}.items()
    }
    after = walk._replace(
        status=EnrollmentStatus.PAUSED,
        ended_at=None,
        threads=threads,
        remade=walk.remade + 1,
        next_at=None,
    )
    return after, _written_off(waiting, PAUSED, now)


def _is_untried(message: Message) -> bool:
    is_pending = message.status == MessageStatus.PENDING
    return is_pending and not message.attempt and not node_send(message.send).number


def _over(found: Found, messages: _Messages) -> Iterator[tuple[str, Thread]]:
    """Yield threads that are over whose messages still wait to be sent, by their starts.

    Where nothing leads on from a node, its thread is over as its message is made.
    """
    walk, of_campaign = found.walk, found.campaign
    visits = range(1, walk.remade + MOVES_KEPT * walk.pages + len(walk.moves) + 2)
    is_sequence = of_campaign.kind is CampaignKind.SEQUENCE
    for message in (each.value for each in messages):
        node = node_send(message.send).node
        for start in {
            each.start for each in walk.moves if (each.source, each.target) == (node, "")
        }:
            came = [] if is_sequence else list(_came(walk, start))
            since = max(
                (each.at for each in came if each.target == node),
                default=walk.began.get(node, walk.entered_at),
            )
            turn = 1 if is_sequence else 1 + MOVES_KEPT * walk.pages + len(came)
            for visit in visits if start not in walk.threads else ():
                if message_name(of_campaign, walk, node, visit) == message.id:
                    yield start, Thread(node, since, visit, message.id, turn=turn)


def _came(walk: Enrollment, start: str) -> Iterator[Move]:
    """Yield the moves of a thread to another node, of those that are kept."""
    for each in walk.moves:
        if each.start == start and each.target and each.on != MIGRATED:
            yield each


def _resumed(found: Found, messages: _Messages, now: datetime) -> tuple[Enrollment, _Changed]:
    """Return a walk that goes on, with what was held back meanwhile."""
    status = as_of_now(found.campaign, found.walk).status
    if status != EnrollmentStatus.PAUSED:
        raise EnrollmentStatusError("resume", status)
    held = [
        each
        for each in messages
        if each.value.status == MessageStatus.PENDING and each.value.reason == PAUSED
    ]
    active = EnrollmentStatus.ACTIVE
    after = found.walk._replace(status=active, resumed_at=now, next_at=now)
    return after, [(each, {"next_at": now, "reason": ""}) for each in held]


def _exited(found: Found, messages: _Messages, now: datetime) -> tuple[Enrollment, _Changed]:
    """Return a walk that has ended, without what waits to be sent.

    The steps of a sequence may all be over while the message of the last one still waits, or has
    been claimed: should it come back, it is written off then.
    """
    walk, waiting = found.walk, _pending(messages)
    is_claimed = any(each.value.status == MessageStatus.SENDING for each in messages)
    if not (walk.status == EnrollmentStatus.COMPLETED and (waiting or is_claimed)):
        _check_under_way(found, "exit", EnrollmentStatus.EXITED)
    moves = [
        Move(start, thread.node, "", OPERATOR, now, now) for start, thread in walk.threads.items()
    ]
    after = walk._replace(
        status=EnrollmentStatus.EXITED,
        exit=OPERATOR,
        ended_at=now,
        threads={},
        moves=[*walk.moves, *moves],
        next_at=None,
    )
    return after, _written_off(waiting, "left_plan", now)


def _moved(
    found: Found, messages: _Messages, now: datetime, node: str
) -> tuple[Enrollment, _Changed]:
    """Return a walk whose thread enters a node now; what its message has told stays in force."""
    _check_under_way(found, "move", "")
    walk = found.walk
    ((start, thread),) = walk.threads.items()
    visit, turn = thread.visit + 1, thread.turn + 1
    entered = thread._replace(node=node, since=now, visit=visit, due_at=None, turn=turn)
    after = walk._replace(
        threads={start: entered},
        moves=[*walk.moves, Move(start, thread.node, node, OPERATOR, now, now)],
        next_at=now if walk.status == EnrollmentStatus.ACTIVE else None,
    )
    return after, _written_off(_pending(messages), "moved_on", now)


def _check_under_way(found: Found, action: str, already: str) -> None:
    walk = as_of_now(found.campaign, found.walk)
    if walk.has_ended or walk.status == already:
        raise EnrollmentStatusError(action, walk.status, already=walk.status == already)


def _pending(messages: _Messages) -> _Messages:
    return [each for each in messages if each.value.status == MessageStatus.PENDING]


def _written_off(messages: _Messages, reason: str, now: datetime) -> _Changed:
    cancelled = end(MessageStatus.CANCELLED, reason, now=now)
    return [(each, cancelled) for each in messages]
