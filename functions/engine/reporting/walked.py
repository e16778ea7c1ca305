"""What a message of a walk has to do with it: what led to it, what came of it, what is awaited."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.ids import following_id, node_of, node_send
from functions.domain.messages.message import Message
from functions.domain.plans.enrollment import (
    Enrollment,
    EnrollmentStatus,
    Move,
    Thread,
    enrollment_from,
)
from functions.domain.plans.plan import Plan
from functions.domain.plans.words import position, standing, why
from functions.domain.times import zone_of
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.plans.facts import known_of
from functions.engine.process.plan_version import PlanVersion

#: Pages of older moves that are looked through for the move which led to a message.
_PAGES: Final = 5
_ENTERED: Final = {
    "api": "somebody asked for it",
    "list": "they were on the list at the start",
    "segment": "the segment held for them at the start",
    "event": "its event happened to them",
}


class Walked(NamedTuple):
    """A message's place in a walk, in words."""

    node: str
    led_to: str  #: why it was made
    lines: Sequence[tuple[datetime, str]]  #: how they came to its node, and left it
    waits_for: Sequence[str]  #: what may lead on from its node, while they stand there


async def walked(engine: Engine, campaign: Campaign, message: Message) -> Walked | None:
    """Return a message's place in a walk; None for a message of no walk, or of one that is gone."""
    if not message.enrollment:
        return None
    path = paths.enrollment(campaign.org, campaign.id, message.enrollment)
    stored = await engine.store.get(path)
    if stored is None:
        return None
    walk = enrollment_from(stored.data)
    version = await plan_of(engine, campaign, walk.plan)
    zone = zone_of(walk.zones[0]) if walk.zones else version.plan.zone
    made = _Made(message, node_of(message.send), walk)
    moves = await _moves(engine, campaign, message.enrollment, walk)
    came, left = made.came(moves), made.left(moves)
    return Walked(
        made.node,
        _led_to(made, version.plan, came, zone),
        [*_before(made, came, zone), *_after(left, zone)],
        await _awaited(engine, campaign, version.plan, made),
    )


class _Made(NamedTuple):
    """A message that was made for a visit of a node."""

    message: Message
    node: str
    walk: Enrollment

    @property
    def at(self) -> datetime:
        """When it was made."""
        return self.message.created_at or self.walk.entered_at

    @property
    def is_of_this_entry(self) -> bool:
        """False where they have left, and entered once more, since then."""
        return self.at >= self.walk.entered_at

    def came(self, moves: Sequence[Move]) -> Move | None:
        """Return the move that led to it: the last one to its node before that."""
        entered_at, of_this = self.walk.entered_at, self.is_of_this_entry
        to_node = (
            each
            for each in reversed(moves)
            if each.target == self.node
            and each.seen <= self.at
            and (each.at >= entered_at) is of_this
        )
        return next(to_node, None)

    def left(self, moves: Sequence[Move]) -> Move | None:
        """Return the move by which they left its node."""
        after = (each for each in moves if each.seen >= self.at)
        return next((each for each in after if each.source == self.node), None)


async def _moves(engine: Engine, campaign: Campaign, id_: str, walk: Enrollment) -> list[Move]:
    """Return a walk's moves, oldest first; of those laid aside, the newest."""
    numbers = range(max(1, walk.pages - _PAGES + 1), walk.pages + 1)
    wanted = [paths.moves(campaign.org, campaign.id, id_, number) for number in numbers]
    found = await engine.store.get_many(wanted) if wanted else []
    older = [Move(**move) for page in found if page is not None for move in page.data["moves"]]
    return [*older, *walk.moves]


def _led_to(made: _Made, plan: Plan, came: Move | None, zone: ZoneInfo) -> str:
    if came is not None:
        return f"to which they came from '{came.source}': {why(came, zone=zone)}"
    if made.node in plan.starts:
        return f"where the plan begins{_entered(made)}"
    return "to which an earlier move led"


def _entered(made: _Made) -> str:
    """Return why somebody entered; nothing of an earlier entry, of which nobody knows that."""
    because = _ENTERED.get(made.walk.by) if made.is_of_this_entry else None
    return f"; they entered it because {because}" if because else ""


def _before(made: _Made, came: Move | None, zone: ZoneInfo) -> Iterator[tuple[datetime, str]]:
    if came is not None:
        to = f"They came from '{came.source}' to '{came.target}'"
        yield came.at, f"{to}: {why(came, zone=zone)}"
    elif made.is_of_this_entry:
        yield made.walk.entered_at, f"They entered the plan at '{made.node}'"


def _after(left: Move | None, zone: ZoneInfo) -> Iterator[tuple[datetime, str]]:
    if left is not None:
        on = f"They went on from '{left.source}' to '{left.target}'"
        how = on if left.target else f"Their way came to an end at '{left.source}'"
        yield left.at, f"{how}: {why(left, zone=zone)}"


async def _awaited(engine: Engine, campaign: Campaign, plan: Plan, made: _Made) -> list[str]:
    """Return what may lead on while a message is in force; nothing once another one is."""
    walk, threads = made.walk, made.walk.threads.items()
    # Perhaps an older version than that which they walk by now.
    version = await plan_of(engine, campaign, node_send(made.message.send).version)
    start = next((s for s, each in threads if _is_of(campaign, version, each, made)), None)
    if start is None or campaign.has_ended:
        return []
    zone = zone_of(walk.zones[0]) if walk.zones else plan.zone
    (known,) = await known_of(engine, campaign, [walk])
    now = engine.clock.now()
    found = position(plan, walk, known.facts, zone=zone, now=now, lots=campaign.id)
    waits = [wait.sentence for each in found if each.start == start for wait in each.waits_for]
    paused = walk.status == EnrollmentStatus.PAUSED
    return [f"their walk {standing(walk, zone=zone)}", *waits] if paused else waits


def _is_of(campaign: Campaign, version: PlanVersion, thread: Thread, made: _Made) -> bool:
    """Tell whether a message is a thread's newest one, or has followed that by a fallback."""
    ids = [thread.message]
    if thread.message:
        for key in version.sends.chain(made.node):
            ids.append(following_id(ids[-1], campaign.id, send=key))
    return made.message.id in ids
