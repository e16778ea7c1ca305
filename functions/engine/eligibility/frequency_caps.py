"""Frequency caps: nobody is reached more often than allowed, by all campaigns together.

One small document for each person says when they were reached of late. It is written in the same
commit as the claim of their message, over the version that was read: two claims for one person at
once cannot both take the last place.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Send
from functions.domain.messages.message import Message
from functions.domain.sending_rules.country_rules import rule_of
from functions.domain.sending_rules.frequency_caps import Cap, Handing, caps_from, free_at, recent
from functions.engine import paths
from functions.engine.kernel.commits.modify import modify
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Create, Delete, Document, Set, Write

#: Recipients whose documents go into one commit: stores limit its size.
_AT_ONCE: Final = 200


class Taken(NamedTuple):
    """The places that a claim takes, and until when other messages wait, by message id."""

    writes: Sequence[Write]
    waits: Mapping[str, datetime]


class FrequencyCaps:
    """The caps that a send keeps to, and what was read of its recipients."""

    def __init__(self, engine: Engine, campaign: Campaign, send: Send) -> None:
        self._engine = engine
        self._campaign = campaign
        self._channel = send.channel
        self._own = [
            cap for cap in caps_from(campaign.rules.frequency_caps) if cap.counts(send.channel)
        ]
        self._may_hold = bool(self._own) or engine.limits.windows
        self._of_region: dict[str, Sequence[Cap]] = {}
        self._read: dict[str, Document | None] = {}

    @property
    def at_once(self) -> int:
        """How many messages to claim together at most."""
        chunk = self._engine.limits.chunk
        return min(chunk, _AT_ONCE) if self._may_hold else chunk

    async def exceeded(self, following: Sequence[Versioned[Message]]) -> dict[str, datetime]:
        """Return until when messages wait whose recipients were reached often enough, by id."""
        counted = self._counted(tracked.value for tracked in following)
        await self._look(counted)
        now = self._engine.clock.now()
        free = {m.id: free_at(self._handed(m), self._caps(m), now=now) for m in counted}
        waits = {id_: at for id_, at in free.items() if at > now}
        self.forget(tracked for tracked in following if tracked.value.id in waits)
        return waits

    async def take(self, chunk: Iterable[Versioned[Message]]) -> Taken:
        """Take a place for each message of a chunk, as far as there are places.

        A single message is sent on purpose: it takes a place even where there is none. The writes
        belong in the commit of the claim; call `forget` after it, whether it succeeds or not.
        """
        counted = self._counted(tracked.value for tracked in chunk)
        await self._look(counted)
        now = self._engine.clock.now()
        places: dict[str, dict[str, Handing]] = {}
        waits: dict[str, datetime] = {}
        for message in counted:
            path = self._path(message)
            handed = places.get(path) or self._handed(message)
            until = free_at(handed, self._caps(message), now=now)
            if until > now and self._campaign.facts.keeps_rules:
                waits[message.id] = until
            else:
                places[path] = {**handed, **self._place(message, now)}
        return Taken([self._write(path, handed, now) for path, handed in places.items()], waits)

    def forget(self, chunk: Iterable[Versioned[Message]]) -> None:
        """Forget what was read of a chunk's recipients: the next look reads them again."""
        for tracked in chunk if self._read else ():
            self._read.pop(self._path(tracked.value), None)

    async def give_back(self, unsent: Iterable[Message]) -> None:
        """Give back the places of attempts that reached nobody."""
        places: defaultdict[str, set[str]] = defaultdict(set)
        for message in self._counted(unsent):
            places[self._path(message)].add(_attempt(message, message.attempt))
        if not places:
            return

        def decide(documents: list[Document | None]) -> tuple[None, list[Write]]:
            found = [document for document in documents if document is not None]
            return None, [
                _without(document, places[document.path])
                for document in found
                if places[document.path] & document.data["handed"].keys()
            ]

        await modify(self._engine.store, list(places), decide)

    def _counted(self, messages: Iterable[Message]) -> list[Message]:
        """Return the messages that a cap counts; of somebody erased nothing is counted."""
        if not self._may_hold:
            return []
        return [message for message in messages if message.contact and self._caps(message)]

    def _caps(self, message: Message) -> Sequence[Cap]:
        """Return the caps that count a message."""
        if message.region not in self._of_region:
            rule = rule_of(message.region, self._channel, self._campaign.rules.country_rules)
            country = rule.cap if self._engine.limits.windows else None
            self._of_region[message.region] = [*self._own, *([country] if country else [])]
        return self._of_region[message.region]

    async def _look(self, counted: Iterable[Message]) -> None:
        """Read the documents of recipients that were not read yet."""
        wanted = dict.fromkeys(self._path(message) for message in counted)
        unknown = [path for path in wanted if path not in self._read]
        if unknown:
            found = await self._engine.store.get_many(unknown)
            self._read.update(zip(unknown, found, strict=True))

    def _handed(self, message: Message) -> dict[str, Handing]:
        document = self._read[self._path(message)]
        return handed_from(document.data) if document else {}

    def _path(self, message: Message) -> str:
        return paths.reached(self._campaign.org, message.contact.rpartition("/")[2])

    def _place(self, message: Message, now: datetime) -> dict[str, Handing]:
        # No later than that is it handed over: the cap must hold by the provider's clock too.
        handing = Handing(now + self._engine.policy.send_lease, self._channel)
        return {_attempt(message, message.attempt + 1): handing}

    def _write(self, path: str, handed: Mapping[str, Handing], now: datetime) -> Write:
        document = self._read[path]
        kept = recent(handed, now=now)
        data = {"handed": {id_: each._asdict() for id_, each in kept.items()}}
        return Set(path, data, document.version) if document else Create(path, data)


def handed_from(data: Mapping[str, Any]) -> dict[str, Handing]:
    """Rebuild a person's recent contacts from the stored fields."""
    return {id_: Handing(**each) for id_, each in data["handed"].items()}


def _attempt(message: Message, number: int) -> str:
    return f"{message.id}-{number}"


def _without(document: Document, attempts: set[str]) -> Write:
    handed = document.data["handed"]
    left = {id_: each for id_, each in handed.items() if id_ not in attempts}
    if not left:
        return Delete(document.path, document.version)
    return Set(document.path, {"handed": left}, document.version)
