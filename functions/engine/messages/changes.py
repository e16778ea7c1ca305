"""Changes of messages: all that is written with them, in one place.

A message's change, its campaign's statistics, what subscribers are told of it, the message by
another channel that it leads to and the mark of its walk stand in one commit: none of them exists
without the others.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.fallbacks import next_message
from functions.domain.kinds import facts_of
from functions.domain.messages.message import Changes, Message
from functions.domain.notifications.events import Notice, may_be_told, message_notice
from functions.engine import paths
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.walks import Commit
from functions.engine.messages.counting import Increments
from functions.engine.messages.marks import marks
from functions.engine.notifications.outbox import commit_with_notices
from functions.engine.ports.store import Create, Update, Write


class Recorded(NamedTuple):
    """The writes of changed messages, and the notices that tell of them."""

    writes: Sequence[Write]
    notices: Iterable[Notice | None]

    @property
    def marked(self) -> bool:
        """True where a walk is to be looked at, so that its lane is to be woken."""
        return any(paths.collection_of(write.path) == "enrollments" for write in self.writes)


async def commit_changes(
    engine: Engine,
    campaign: Campaign,
    decided: Sequence[tuple[Versioned[Message], Changes]],
    *also: Write,
    by: Commit | None = None,
) -> list[int]:
    """Commit changes of messages and what follows from them, beside other writes.

    Returns the messages' versions first. Raises ConflictError, or what `by` raises.
    """
    writes, notices = record(engine, campaign, decided)
    return await commit_with_notices(engine, campaign.org, [*writes, *also], notices, by=by)


def record(
    engine: Engine,
    campaign: Campaign,
    decided: Sequence[tuple[Versioned[Message], Changes]],
    *,
    walk_at: datetime | None = None,
    beside: Increments | None = None,
) -> Recorded:
    """Return the writes and the notices of changed messages, each at the version it was read at.

    `walk_at` is when walks are looked at for it, None for at once; `beside` is what else the
    commit counts.
    """
    now = engine.clock.now()
    increments = beside or Increments(campaign, now=now)
    if any(facts_of(send.channel).quotes for send in (*campaign.sends, *campaign.routes)):
        decided = [(each, _quotable(campaign, each.value, changes)) for each, changes in decided]
    collection = paths.messages(campaign.org, campaign.id)
    updates: list[Write] = []
    followers: list[Create] = []
    changed: list[tuple[Message, Changes]] = []
    follows = campaign.may_follow_up
    for (message, version), changes in decided:
        follower = next_message(campaign, message, changes, now=now) if follows else None
        if follower is not None:
            followers.append(Create(f"{collection}/{follower.id}", follower.fields))
            changes = {**changes, "followed": True}  # noqa: PLW2901 - with what follows from it
        updates.append(Update(f"{collection}/{message.id}", changes, version))
        changed.append((message, changes))
    increments.change(changed)
    increments.create({follower.path: follower.data for follower in followers})
    marked = marks(campaign, changed, at=walk_at or now) if campaign.plan else ()
    told = [each for each in changed if may_be_told(each[1])]
    notices = (message_notice(campaign, *each, now=now) for each in told) if told else ()
    return Recorded([*updates, *followers, *increments.writes(), *marked], notices)


def _quotable(campaign: Campaign, message: Message, changes: Changes) -> Changes:
    """Return a message's changes, with the id by which replies find it where they name one.

    It stands apart from the provider's id, which every message gets: only what is looked for
    costs an entry in an index.
    """
    if "provider_id" not in changes or not facts_of(campaign.send(message.send).channel).quotes:
        return changes
    return {**changes, "quotable_id": changes["provider_id"]}
