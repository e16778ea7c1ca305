"""Memberships: the lists that somebody is on, and the segments that hold them."""

from collections.abc import Mapping
from typing import Final

from functions.domain.contacts.contact import Contact
from functions.domain.segments import conditions
from functions.domain.segments.parser import parse
from functions.engine import paths
from functions.engine.contacts import contacts, lists, segments
from functions.engine.contacts.lists import PeopleList
from functions.engine.contacts.segments import Segment
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Query, Where

#: Stands before every id of a list: what comes first by path, the places among the people whom
#: campaigns name themselves, is passed over without being read.
_BEFORE: Final = "-"


async def lists_of(
    engine: Engine, org: str, contact_id: str, *, after: str | None, limit: int
) -> tuple[list[PeopleList], str | None]:
    """Return the lists that somebody is on, behind the id `after`, and the id to go on behind.

    Raises NotFoundError for a contact that the organisation does not have.
    """
    await contacts.load(engine, org, contact_id)
    home = paths.members(org, after or _BEFORE)
    query = Query(
        "members",
        (Where("contact", "==", paths.contact(org, contact_id)),),
        limit=limit,
        start_after=(f"{home}/{contact_id if after else _BEFORE}",),
        group=True,
    )
    places = await engine.store.query(query)
    homes = [paths.parent(each.path) for each in places]
    found = await engine.store.get_many(homes) if homes else []
    following = homes[-1].rpartition("/")[2] if len(homes) == limit else None
    return lists.shown(found), following


async def segments_of(
    engine: Engine, org: str, contact_id: str, *, after: str | None, limit: int
) -> tuple[list[Segment], str | None]:
    """Return those of the next `limit` segments that hold somebody, and the id to go on behind.

    How campaigns' messages to them stand is asked for all these segments together. Raises
    NotFoundError for a contact that the organisation does not have.
    """
    contact = (await contacts.load(engine, org, contact_id)).value
    found, following = await segments.page_of(engine, org, after=after, limit=limit)
    if not contact.active:
        return [], None
    return await _holding(engine, org, contact, found), following


async def _holding(
    engine: Engine, org: str, contact: Contact, found: list[Segment]
) -> list[Segment]:
    asked = {each.id: parse(each.conditions) for each in found}
    verdicts = {id_: conditions.decide(each, contact, None) for id_, each in asked.items()}
    unsure = [id_ for id_, verdict in verdicts.items() if verdict is None]
    named = frozenset[str]().union(*(conditions.campaigns(asked[id_]) for id_ in unsure))
    statuses: Mapping[str, str] = {}
    if named:
        path = paths.contact(org, contact.id)
        statuses = (await segments.statuses_of(engine, org, named, {path: contact}))[path]
    for id_ in unsure:
        verdicts[id_] = conditions.matches(asked[id_], contact, statuses)
    return [each for each in found if verdicts[each.id]]
