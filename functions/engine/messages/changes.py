"""Moves: all that is written where messages change, in one place.

A message's change, its campaign's statistics, what subscribers are told of it and the message by
another channel that it leads to stand in one commit: none of them exists without the others.
"""

from collections.abc import Sequence
from typing import NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.fallbacks import next_message
from functions.domain.messages.message import Changes, Message
from functions.domain.notifications.subscription import Subscription
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.messages import statistics
from functions.engine.notifications import outbox
from functions.engine.ports.store import Create, Set, Update, Write


class Tracked(NamedTuple):
    """A message and the version it was read at."""

    message: Message
    version: int


class Moves(NamedTuple):
    """The writes of a commit that changes messages, and those of them that tell subscribers."""

    writes: Sequence[Write]
    told: Sequence[Set]


def record(
    engine: Engine,
    campaign: Campaign,
    shard: str,
    decided: Sequence[tuple[Tracked, Changes]],
    to: Sequence[Subscription] = (),
) -> Moves:
    """Return what is written where messages, each as it was read, change so.

    `shard` is that of the campaign's statistics; `to` are those who listen in its organisation.
    """
    now = engine.clock.now()
    collection = paths.messages(campaign.org, campaign.id)
    updates: list[Write] = []
    followers: list[Create] = []
    moves: list[tuple[Message, Changes]] = []
    for (message, version), changes in decided:
        follower = next_message(campaign, message, changes, now=now) if campaign.fallbacks else None
        if follower is not None:
            followers.append(Create(f"{collection}/{follower.id}", follower.fields))
            changes = {**changes, "followed": True}  # noqa: PLW2901 - with what follows from it
        updates.append(Update(f"{collection}/{message.id}", changes, version))
        moves.append((message, changes))
    created = [follower.data["status"] for follower in followers]
    told = outbox.message_writes(to, campaign, moves, now=now)
    counted = statistics.moved(campaign, shard, moves, created=created)
    return Moves([*updates, *followers, *counted, *told], told)
