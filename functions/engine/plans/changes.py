"""Changes of walks: all that is written with them, in one place.

A walk's change, the messages that it comes to, those that it leaves behind, the campaign's
statistics and what subscribers are told stand in one commit.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain

from functions.domain.campaigns.campaign import Campaign
from functions.domain.notifications.walk_events import Change, walk_notices
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.messages.changes import Recorded, record
from functions.engine.messages.counting import Increments
from functions.engine.plans import counts
from functions.engine.plans.decisions import Decided
from functions.engine.ports.store import Create, Write


def record_walks(engine: Engine, campaign: Campaign, decided: Sequence[Decided]) -> Recorded:
    """Return the writes and the notices of what was decided, new messages first."""
    now = engine.clock.now()
    messages = {path: fields for each in decided for path, fields in each.messages.items()}
    increments = Increments(campaign, now=now)
    increments.create(messages)
    _count(increments, decided)
    left = [pair for each in decided for pair in each.dropped]
    of_left = record(engine, campaign, left, beside=increments)
    writes: list[Write] = [
        *(Create(path, fields) for path, fields in messages.items()),
        *(write for each in decided for write in each.writes(campaign)),
        *of_left.writes,
    ]
    changes = (Change(each.walk.id, each.before, each.after) for each in decided)
    # Made only where somebody subscribes.
    notices = (notice for change in changes for notice in walk_notices(campaign, change, now=now))
    return Recorded(writes, chain(of_left.notices, notices))


def _count(increments: Increments, decided: Sequence[Decided]) -> None:
    """Count walks, each with its lane."""
    of_lanes: defaultdict[int, list[Decided]] = defaultdict(list)
    for each in decided:
        of_lanes[increments.lane_of(each.walk.id)].append(each)
    for lane, walks in of_lanes.items():
        increments.add(lane, counts.changed((each.before, each.after) for each in walks))


async def unchanged(
    engine: Engine, campaign: Campaign, decided: Sequence[Decided]
) -> list[Decided]:
    """Return those of whom nothing has changed that they were decided by.

    The others are left to the next look. A message that exists already is not made again.
    """
    wanted = [_preconditions(campaign, each) for each in decided]
    made = (path for each in decided for path in each.messages)
    asked = list(dict.fromkeys([*(path for each in wanted for path in each), *made]))
    found = await engine.store.get_many(asked)
    versions = {document.path: document.version for document in found if document is not None}
    for each in decided:
        each.messages = {path: new for path, new in each.messages.items() if path not in versions}
    return [
        each
        for each, before in zip(decided, wanted, strict=True)
        if all(versions.get(path, 0) == version for path, version in before.items())
    ]


def _preconditions(campaign: Campaign, decided: Decided) -> dict[str, int]:
    """Return the versions that something was decided by; 0: what was not stored."""
    collection = paths.messages(campaign.org, campaign.id)
    left = {f"{collection}/{message.id}": version for (message, version), _ in decided.dropped}
    others = {write.path: write.if_version or 0 for write in decided.others}
    path = paths.enrollment(campaign.org, campaign.id, decided.walk.id)
    return {path: decided.walk.version, **left, **others}
