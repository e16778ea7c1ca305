"""Facts: what is known of walks when they are decided about, read for a page of them at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.kinds import facts_of as channel_facts
from functions.domain.messages.happened import ended_at, happened, has_ended, over_at
from functions.domain.messages.ids import following_id
from functions.domain.messages.message import Message, message_from
from functions.domain.plans.enrollment import Enrollment
from functions.domain.plans.facts import Facts, MessageFacts, Occurrence
from functions.domain.plans.listening import concerns, heard_since
from functions.engine import paths
from functions.engine.kernel.claims import with_claims
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.concurrency import for_each
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Query, Where

#: Custom events of one person and name that are looked at: the oldest of a visit.
_MOST_EVENTS: Final = 1000
#: Two who mark a walk at once may do so in another order than their clocks say.
_SLACK: Final = timedelta(minutes=1)
#: People whose custom events are asked for at a time.
_AT_ONCE: Final = 20

Chains = Mapping[str, Sequence[Versioned[Message]]]
"""By the id of a node's own message: that one, and what has followed it by other channels."""


class Known(NamedTuple):
    """What is known of one walk."""

    facts: Facts
    chains: Chains


async def known_of(engine: Engine, campaign: Campaign, walks: Sequence[Enrollment]) -> list[Known]:
    """Return what is known of each walk, by one read of their messages."""
    wanted = {thread.message for walk in walks for thread in walk.threads.values()} - {""}
    chains = await chains_of(engine, campaign, wanted)
    events = await _custom_events(engine, campaign.org, walks)
    pairs = zip(walks, events, strict=True)
    return [_known(campaign, walk, chains, told) for walk, told in pairs]


def _known(
    campaign: Campaign, walk: Enrollment, chains: Chains, events: Sequence[Occurrence]
) -> Known:
    own = {
        thread.message: chains[thread.message]
        for thread in walk.threads.values()
        if thread.message in chains
    }
    messages = {id_: facts_of(campaign, [e.value for e in chain]) for id_, chain in own.items()}
    exits = dict(walk.exits)
    for each in events:
        if each.at >= walk.entered_at:
            exits[each.name] = min(exits.get(each.name, each.at), each.at)
    resumed = [at for at in (campaign.resumed_at, walk.resumed_at) if at is not None]
    return Known(Facts(messages, events, exits, max(resumed, default=None)), own)


async def chains_of(engine: Engine, campaign: Campaign, ids: Iterable[str]) -> Chains:
    """Return messages as they stand by their ids, each with those that have followed it.

    Unknown ids have none. Few are followed: those are read with one more read for all of them.
    """
    collection = paths.messages(campaign.org, campaign.id)
    chains: dict[str, list[Versioned[Message]]] = {}
    wanted = {id_: id_ for id_ in ids}  # the message to read, by the first of its chain
    while wanted:
        found = await engine.store.get_many([f"{collection}/{id_}" for id_ in wanted.values()])
        stored = [Versioned(message_from(d.id, d.data), d.version) for d in found if d]
        messages = {
            each.value.id: each for each in (await with_claims(engine, campaign, stored)).messages
        }
        following = {}
        for first, id_ in wanted.items():
            if id_ not in messages:
                continue
            message = messages[id_].value
            chains.setdefault(first, []).append(messages[id_])
            if message.followed and message.following:
                key = message.following[0]["key"]
                following[first] = following_id(message.id, campaign.id, send=key)
        wanted = following
    return chains


def facts_of(campaign: Campaign, chain: Sequence[Message]) -> MessageFacts:
    """Return what is known of a node's send as a whole, by whatever channels."""
    told: dict[str, list[datetime]] = {}
    for message in chain:
        for name, at in happened(message).items():
            told.setdefault(name, []).append(at)
    events = {name: min(instants) for name, instants in told.items()}
    last = chain[-1]
    ended = ended_at(last) if has_ended(last) and not last.followed else None
    # A provider's clock may be slow: no message has left before it was due.
    left = (max(each.sent_at, each.due_at or each.sent_at) for each in chain if each.sent_at)
    leaves = [at for at in (last.due_at, last.next_at) if at is not None]
    leaves_at = max(leaves, default=None)
    is_call = channel_facts(campaign.send(last.send).channel).is_call
    over = over_at(last, is_call=is_call)
    over = over and max(over, last.due_at or over)
    return MessageFacts(min(left, default=None), ended, events, leaves_at, last.created_at, over)


async def _custom_events(
    engine: Engine, org: str, walks: Sequence[Enrollment]
) -> list[Sequence[Occurrence]]:
    """Return what callers have told of each walk's person that it hears, since it may.

    What several walks of a person hear is asked for once.
    """
    since = [_asked_since(walk) for walk in walks]
    wanted: dict[tuple[str, str], datetime] = {}
    for walk, start in zip(walks, since, strict=True):
        if start is not None:
            every = [(walk.who, name) for name in walk.hears]
            wanted |= {asked: min(start, wanted.get(asked, start)) for asked in every}
    found: dict[tuple[str, str], list[Document]] = {}

    async def ask(asked: tuple[str, str]) -> None:
        found[asked] = await _events_since(engine, org, *asked, wanted[asked])

    await for_each(list(wanted), ask, at_once=_AT_ONCE)
    return [_of_walk(walk, start, found) for walk, start in zip(walks, since, strict=True)]


def _asked_since(walk: Enrollment) -> datetime | None:
    """Return from when on custom events matter to a walk; None where none were told since."""
    if walk.heard_at is None:
        return None
    since = heard_since(walk)
    return since if walk.heard_at >= since - _SLACK else None


async def _events_since(
    engine: Engine, org: str, who: str, name: str, since: datetime
) -> list[Document]:
    where = (Where("who", "==", who), Where("name", "==", name), Where("at", ">=", since))
    query = Query(paths.custom_events(org), where, ("at",), limit=_MOST_EVENTS)
    return await engine.store.query(query)


def _of_walk(
    walk: Enrollment, since: datetime | None, found: Mapping[tuple[str, str], Sequence[Document]]
) -> Sequence[Occurrence]:
    if since is None:
        return ()
    told = [each for name in walk.hears for each in found[walk.who, name]]
    return [
        Occurrence(each.data["name"], each.data["at"], each.id)
        for each in told
        if each.data["at"] >= since and concerns(walk, each.id, each.data["key"])
    ]
