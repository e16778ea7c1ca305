"""Claims: the messages that a lane's worker is handing over, as the lane's document names them.

Before the provider is called it is durable which messages are handed over, and by which attempt:
they stand in the document of their lane, in the commit that renews its lease. The messages
themselves are written with their results. A worker that dies leaves its claims behind: whoever
takes the lane next leaves what they name alone until its result is there, or is lost.

Whoever else changes a message that waits must know whether it is claimed, and tell the lane, whose
worker may have read it before: their commit is conditional on the lane as they have read it, and
changes it, so that the worker cannot claim anything without reading anew. So whichever of both
comes second heeds the other.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.attempts import claimed
from functions.domain.messages.ids import lane_number
from functions.domain.messages.message import Message, MessageStatus, message_from
from functions.engine import paths
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Add, Document, Update, Write

#: Nobody hands over what is due later than that, by whatever clock.
_AHEAD: Final = timedelta(minutes=1)


class Claim(NamedTuple):
    """Messages that are handed over together."""

    until: datetime  #: a result that is not recorded by then is lost
    attempts: Mapping[str, int]  #: the number of each message's attempt, by its id

    def names(self, message: Message) -> bool:
        """Tell whether a message, as it is stored, is being handed over by this claim."""
        attempt = self.attempts.get(message.id, 0)
        return message.status == MessageStatus.PENDING and message.attempt < attempt


def claims_of(lane: Mapping[str, Any]) -> dict[str, Claim]:
    """Return the claims that the fields of a lane tell of, by their keys."""
    return {
        key: Claim(fields["until"], _attempts_of(fields["ids"]))
        for key, fields in lane.get("claims", {}).items()
    }


def claims_fields(claims: Mapping[str, Claim]) -> dict[str, Any]:
    """Return claims as a lane keeps them: a text of ids for each number of an attempt.

    A map of a thousand ids takes a store as long as the messages themselves.
    """
    return {
        key: {"until": claim.until, "ids": _texts_of(claim.attempts)}
        for key, claim in claims.items()
    }


def _texts_of(attempts: Mapping[str, int]) -> dict[str, str]:
    by_number: defaultdict[int, list[str]] = defaultdict(list)
    for id_, number in attempts.items():
        by_number[number].append(id_)
    return {str(number): " ".join(ids) for number, ids in by_number.items()}


def _attempts_of(texts: Mapping[str, str]) -> dict[str, int]:
    return {id_: int(number) for number, ids in texts.items() for id_ in ids.split()}


def as_it_stands(message: Message, claims: Iterable[Claim]) -> Message:
    """Return a stored message as it stands: `sending`, where one of its lane's claims names it."""
    for claim in claims:
        if claim.names(message):
            return claimed(message, until=claim.until)
    return message


def handed_over(lanes: Iterable[Document | None], attempts: int) -> int:
    """Return how many messages are being handed over, by a campaign's lanes.

    `attempts` are those of its messages that have told of themselves, read before the lanes or at
    the same time: results that come in between are counted as if they were yet to come.
    """
    claimed: int = sum(lane.data.get("claimed", 0) for lane in lanes if lane is not None)
    return claimed - attempts


class WithClaims(NamedTuple):
    """Messages as they stand, and what must be committed with a change of those that wait."""

    messages: list[Versioned[Message]]
    writes: list[Write]


async def with_claims(
    engine: Engine, campaign: Campaign, messages: Sequence[Versioned[Message]]
) -> WithClaims:
    """Return a campaign's messages, read before this, as they stand: claimed ones as `sending`.

    A commit of the writes raises ConflictError where a lane has claimed, or been woken, since.
    """
    rows = [(campaign, each.value) for each in messages]
    lanes = await _lanes_of_due(engine, rows)
    seen = zip(messages, _standing(rows, lanes), strict=True)
    touched = [
        Update(lane.path, {"touches": lane.data.get("touches", 0) + 1}, lane.version)
        for lane in lanes
    ]
    return WithClaims([each._replace(value=now) for each, now in seen], [*touched])


async def as_they_stand(
    engine: Engine, rows: Sequence[tuple[Campaign, Message]]
) -> list[tuple[Campaign, Message]]:
    """Return messages of several campaigns, read before this, as they stand, to be shown."""
    standing = _standing(rows, await _lanes_of_due(engine, rows))
    return [(campaign, now) for (campaign, _), now in zip(rows, standing, strict=True)]


async def claimed_documents(
    engine: Engine, campaign: Campaign, *, behind: str = ""
) -> list[Document]:
    """Return the messages that are being handed over, behind an id, as they are stored."""
    names = [str(number) for number in range(campaign.lanes)]
    wanted = [paths.lane(campaign.org, campaign.id, name) for name in names]
    lanes = [lane for lane in await engine.store.get_many(wanted) if lane is not None]
    claims = [claim for lane in lanes for claim in claims_of(lane.data).values()]
    ids = sorted({id_ for claim in claims for id_ in claim.attempts if id_ > behind})
    collection = paths.messages(campaign.org, campaign.id)
    found = await engine.store.get_many([f"{collection}/{id_}" for id_ in ids]) if ids else []
    stored = [(each, message_from(each.id, each.data)) for each in found if each is not None]
    return [each for each, message in stored if any(claim.names(message) for claim in claims)]


async def _lanes_of_due(engine: Engine, rows: Sequence[tuple[Campaign, Message]]) -> list[Document]:
    """Return the lanes that may be handing over some of these messages just now."""
    soon = engine.clock.now() + _AHEAD
    due = [(campaign, each) for campaign, each in rows if _may_be_claimed(each, soon)]
    wanted = sorted({lane_of(campaign, each.id) for campaign, each in due})
    found = await engine.store.get_many(wanted) if wanted else []
    return [lane for lane in found if lane is not None]


def _standing(rows: Iterable[tuple[Campaign, Message]], lanes: Iterable[Document]) -> list[Message]:
    """Return messages as they stand, each by the claims of its own lane."""
    claims = {lane.path: list(claims_of(lane.data).values()) for lane in lanes}
    return [
        as_it_stands(each, claims.get(lane_of(campaign, each.id), ())) for campaign, each in rows
    ]


def _may_be_claimed(message: Message, soon: datetime) -> bool:
    is_due = message.next_at is not None and message.next_at <= soon
    return message.status == MessageStatus.PENDING and is_due


def touch(campaign: Campaign, message_id: str) -> Add:
    """Return the write that tells a message's lane of its change, whoever hands over what.

    It is for what a message that waits is told of an attempt before.
    """
    return Add(lane_of(campaign, message_id), {"touches": 1}, must_exist=True)


def lane_of(campaign: Campaign, message_id: str) -> str:
    """Return the path of the lane that looks after a message."""
    name = str(lane_number(message_id, campaign.lanes))
    return paths.lane(campaign.org, campaign.id, name)
