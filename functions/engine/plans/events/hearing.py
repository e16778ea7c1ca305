"""Hearing: the walks that what is told of somebody may move, or end, are marked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from functions.domain.plans.enrollment import EXIT
from functions.domain.plans.listening import concerns, heard_since
from functions.engine.kernel.concurrency import for_each
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.kernel.walks import Marked, PersonsWalk, mark_walks, walks_of
from functions.engine.plans.events.event import Telling

#: People whose walks are asked for at a time.
_AT_ONCE: Final = 20


async def hear(engine: Engine, org: str, told: Sequence[Telling]) -> None:
    """Mark the walks that hear these events, which are stored already, and wake their lanes."""
    of_person: defaultdict[str, list[Telling]] = defaultdict(list)
    for each in told:
        of_person[each.who].append(each)
    marked: list[Marked] = []

    async def look(who: str) -> None:
        async for walks in walks_of(engine, org, who, hearing=True):
            found = [(walk, await _changes(engine, walk, of_person[who])) for walk in walks]
            marked.extend((walk, changes) for walk, changes in found if changes)

    await for_each(list(of_person), look, at_once=_AT_ONCE)
    await mark_walks(engine, marked)


async def _changes(
    engine: Engine, walk: PersonsWalk, told: Sequence[Telling]
) -> Mapping[str, Any] | None:
    """Return how a walk changes that hears some of its person's events; None: it hears none."""
    ends: dict[str, datetime] = {}
    heard = False
    for each in told:
        if each.event.name not in walk.enrollment.hears:
            continue
        if not concerns(walk.enrollment, each.path_id, each.event.key):
            continue
        if await _ends(engine, walk, each.event.name, each.at):
            name = f"{EXIT}{each.event.name}"
            first = ends.get(name) or walk.enrollment.exits.get(each.event.name) or each.at
            ends[name] = min(first, each.at)
        elif each.at < heard_since(walk.enrollment):
            continue
        each.heard_by.append(walk.whole_id)
        heard = True
    return {"heard_at": engine.clock.now(), **ends} if heard else None


async def _ends(engine: Engine, walk: PersonsWalk, name: str, at: datetime) -> bool:
    """Tell whether an event may end a walk, by its plan's exits or goal."""
    version = await plan_of(engine, walk.campaign, walk.enrollment.plan)
    return name in version.plan.reasons and at >= walk.enrollment.entered_at
