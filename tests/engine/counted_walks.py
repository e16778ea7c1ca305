"""What the statistics of a plan must say, counted anew from the enrollments as they are stored."""

from collections import Counter
from collections.abc import Sequence

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import CONTINUE
from functions.domain.plans.enrollment import (
    ADDED,
    TOO_LATE,
    Enrollment,
    EnrollmentStatus,
    Move,
    enrollment_from,
)
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.plans import counts
from functions.engine.ports.store import Query

#: Upon these a step begins, or would have, that was not there when somebody entered.
_OF_VERSIONS = frozenset({ADDED, TOO_LATE})


async def counted(engine: Engine, campaign: Campaign) -> counts.Walks:
    """Return the counts of all who have entered a campaign: where they stand and came through."""
    found = await engine.store.query(
        Query(paths.enrollments(campaign.org, campaign.id), limit=100_000)
    )
    states, came, left = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    here, versions = Counter[str](), Counter[int]()
    for document in found:
        walk = enrollment_from(document.data)
        states.update([f"status {walk.status}", *(["goal"] if walk.goal_at else [])])
        versions.update([] if walk.has_ended else [walk.plan])
        states.update([f"exit {walk.exit}"] if walk.exit else [])
        here.update(thread.node for thread in walk.threads.values())
        moves = await _all_moves(engine, campaign, document.id, walk)
        left.update((move.source, move.on) for move in moves if move.source)
        came.update(move.target for move in moves if move.target)
        came.update(_begun(campaign, walk, moves))
    return counts.Walks(
        {status: states[f"status {status}"] for status in EnrollmentStatus},
        states["goal"],
        {name[5:]: n for name, n in sorted(states.items()) if name.startswith("exit ")},
        [
            counts.NodeCounts(
                node,
                here[node],
                came[node],
                {on: n for (source, on), n in left.items() if source == node},
            )
            for node in sorted({*here, *came, *(source for source, _ in left)})
        ],
        dict(versions),
    )


def _begun(campaign: Campaign, walk: Enrollment, moves: Sequence[Move]) -> Counter[str]:
    """Return where somebody has begun, as often as they have.

    None: refused at the door. What a later version has added is counted as it was added.
    """
    if campaign.entry is not None and campaign.entry.reentry == CONTINUE:
        return _begun_at_some(walk, moves)
    first = {move.start: move.on for move in reversed(moves)}
    later = {start for start, on in first.items() if on in _OF_VERSIONS}
    starts = {*walk.threads, *(move.start for move in moves)} - later
    return Counter([*starts] * walk.entry)


def _begun_at_some(walk: Enrollment, moves: Sequence[Move]) -> Counter[str]:
    """Return the same of somebody who begins at some of the starts only as they come back.

    Each that was begun has ended since, or is under way; what came too late never began.
    """
    ended = [move.start for move in moves if not move.target and move.on != TOO_LATE]
    begun = Counter([*walk.threads, *ended])
    begun.subtract(move.start for move in moves if move.on == ADDED)
    return +begun


async def _all_moves(
    engine: Engine, campaign: Campaign, id_: str, walk: Enrollment
) -> Sequence[Move]:
    """Return the moves of all entries of somebody, those that were laid aside too."""
    asked = [paths.moves(campaign.org, campaign.id, id_, n + 1) for n in range(walk.pages)]
    pages = await engine.store.get_many(asked) if asked else []
    older = [Move(**move) for page in pages if page for move in page.data["moves"]]
    return [*older, *walk.moves]
