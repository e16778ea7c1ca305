"""Telling: a caller says what has happened to people, some of it at once.

An event never moves anybody. People enter upon it, then it is stored, and only then are the walks
asked for that hear it: whoever has begun to wait for it meanwhile looks for it once more. So none
falls in between, and one that is told twice does nothing twice.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TypeAlias

import structlog

from functions.domain.contacts.contact import is_being_erased
from functions.domain.errors import DomainError, EventExistsError, NotFoundError
from functions.engine import paths
from functions.engine.contacts.known_by import ids_of
from functions.engine.kernel.commits.modify import modify
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.people import subject_id
from functions.engine.plans.events.entries import begins, enter
from functions.engine.plans.events.event import NewEvent, Telling
from functions.engine.plans.events.hearing import hear
from functions.engine.ports.store import ConflictError, Create, Document, Write

log = structlog.get_logger()

Outcome: TypeAlias = Telling | DomainError
"""An event as it was told of, or why it was refused."""


async def tell(engine: Engine, org: str, events: Sequence[NewEvent]) -> list[Outcome]:
    """Note events, and have all who enter upon them or hear them do so.

    One is refused whose contact does not exist, or whose id was told of another event.
    """
    outcomes = await _identified(engine, org, events)
    firsts: dict[str, Telling] = {}
    for each in outcomes:
        if isinstance(each, Telling):
            firsts.setdefault(each.path_id, each)
    refused = await _note(engine, org, list(firsts.values())) if firsts else {}
    told = [each for id_, each in firsts.items() if id_ not in refused]
    await hear(engine, org, told)
    log.info("events_told", org=org, events=len(told), refused=len(events) - len(told))
    return [
        refused.get(each.path_id) or _as_first(each, firsts[each.path_id])
        if isinstance(each, Telling)
        else each
        for each in outcomes
    ]


def _as_first(each: Telling, first: Telling) -> Outcome:
    """Return an event; one that came twice at once is a repetition of the first of both."""
    if each is first:
        return each
    try:
        each.repeat(first.stored)
    except EventExistsError as error:
        return error
    each.heard_by = first.heard_by
    return each


async def _identified(engine: Engine, org: str, events: Sequence[NewEvent]) -> list[Outcome]:
    """Return events with the ids of whom they are about, by one read of their contacts."""
    now = engine.clock.now()
    ids = await ids_of(engine, org, {each.address for each in events if each.address})
    named = list(dict.fromkeys(each.contact_id for each in events if each.contact_id))
    found = await engine.store.get_many([paths.contact(org, id_) for id_ in named])
    known = {each.id for each in found if each is not None and not is_being_erased(each.data)}

    async def outcome(event: NewEvent) -> Outcome:
        if event.contact_id:
            who, missing = event.contact_id, event.contact_id not in known
            return NotFoundError("Contact", who) if missing else Telling(event, who, now)
        if event.address:
            return Telling(event, ids[event.address], now)
        return Telling(event, await subject_id(engine, org, event.subject), now)

    return [await outcome(event) for event in events]


async def _note(
    engine: Engine, org: str, told: Sequence[Telling]
) -> Mapping[str, EventExistsError]:
    """Let people enter upon events that are new, and store these; return who was refused.

    Few events have anybody enter, and hardly one is told twice: what need not be known before it
    is stored is not read.
    """
    begin = [each for each in told if await begins(engine, org, each)]
    known = await engine.store.get_many(_paths(org, begin)) if begin else []
    await enter(engine, org, [each for each, one in zip(begin, known, strict=True) if one is None])
    if not any(known):
        for each in told:
            each.stored = each.new()
        with suppress(ConflictError):
            await engine.store.commit(
                *map(Create, _paths(org, told), (each.stored for each in told))
            )
            return {}
    return await _note_again(engine, org, told)


async def _note_again(
    engine: Engine, org: str, told: Sequence[Telling]
) -> Mapping[str, EventExistsError]:
    """Store those of the events that are new, where others are repeated."""
    asked = _paths(org, told)
    refused: dict[str, EventExistsError] = {}

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        writes = []
        for each, path, document in zip(told, asked, documents, strict=True):
            if document is None:
                each.stored = each.new()
                writes.append(Create(path, each.stored))
                continue
            try:
                each.repeat(document.data)
            except EventExistsError as error:
                refused[each.path_id] = error
        return None, writes

    await modify(engine.store, asked, decide)
    return refused


def _paths(org: str, told: Sequence[Telling]) -> list[str]:
    return [paths.custom_event(org, each.path_id) for each in told]
