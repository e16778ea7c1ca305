"""History: everything that was ever planned for a person, sent to them or refused."""

from datetime import datetime
from typing import NamedTuple

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.contacts.contact import is_being_erased
from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.messages.ids import whole_id
from functions.domain.messages.message import Message, message_from
from functions.engine import paths
from functions.engine.kernel.claims import as_they_stand
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Query, Where
from functions.engine.privacy import erasure


class Entry(NamedTuple):
    """A message to a person, and the campaign that it belongs to."""

    id: str  #: "{campaign}.{message}"
    message: Message
    campaign: Campaign


class Position(NamedTuple):
    """Where a page ends: when its last message was planned, and the entry's id."""

    created_at: datetime
    id: str


class Page(NamedTuple):
    """Some of a history, the newest first, and its end; None behind the last."""

    entries: list[Entry]
    end: Position | None


async def read(
    engine: Engine, org: str, contact_id: str, *, after: Position | None, limit: int
) -> Page:
    """Return a page of what was planned for a person.

    Raises NotFoundError where nobody has the id and nothing was ever planned for it.
    """
    contact = paths.contact(org, contact_id)
    await _require(engine, contact, contact_id)
    query = Query(
        "messages",
        (Where("contact", "==", contact),),
        ("-created_at",),
        limit=limit,
        start_after=_start(org, after) if after else None,
        group=True,
    )
    documents = await engine.store.query(query)
    entries = await _entries(engine, org, documents)
    if len(documents) < limit:
        return Page(entries, None)
    return Page(entries, Position(documents[-1].data["created_at"], entries[-1].id))


async def _require(engine: Engine, contact: str, id_: str) -> None:
    found = await engine.store.get(contact)
    if found is None:
        known = await erasure.is_mentioned(engine, contact)
    else:
        known = not is_being_erased(found.data)
    if not known:
        raise NotFoundError("Contact", id_)


def _start(org: str, after: Position) -> tuple[datetime, str]:
    campaign, _, message = after.id.partition(".")
    if not campaign or not message:
        raise InvalidFieldError("cursor", "cursor: must be a next_cursor that an earlier page gave")
    return after.created_at, paths.message(MessageRef(org, campaign, message))


async def _entries(engine: Engine, org: str, documents: list[Document]) -> list[Entry]:
    ids = [paths.ids(document.path)[1] for document in documents]
    unique = list(dict.fromkeys(ids))
    found = await engine.store.get_many([paths.campaign(org, id_) for id_ in unique])
    campaigns = {each.id: campaign_from(org, each.id, each.data) for each in found if each}
    pairs = zip(ids, documents, strict=True)
    stored = [(campaigns[id_], message_from(each.id, each.data)) for id_, each in pairs]
    standing = await as_they_stand(engine, stored)
    return [Entry(whole_id(of.id, each.id), each, of) for of, each in standing]
