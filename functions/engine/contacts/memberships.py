"""Memberships: the lists that somebody is on, and the segments that hold them."""

from collections.abc import Mapping

from functions.domain.contacts.contact import Contact
from functions.domain.segments import conditions
from functions.domain.segments.parser import parse
from functions.engine import paths
from functions.engine.contacts import contacts, lists, segments
from functions.engine.contacts.lists import PeopleList
from functions.engine.contacts.segments import Segment
from functions.engine.kernel.engine import Engine


async def lists_of(
    engine: Engine, org: str, contact_id: str, *, after: str | None, limit: int
) -> tuple[list[PeopleList], str | None]:
    """Return the lists that somebody is on, behind the id `after`, and the id to go on behind.

    Raises NotFoundError for a contact that the organisation does not have.
    """
    contact = (await contacts.load(engine, org, contact_id)).value
    ids = sorted(each for each in contact.list_pages if after is None or each > after)
    asked = ids[:limit]
    found = await engine.store.get_many([paths.list_(org, id_) for id_ in asked]) if asked else []
    return lists.shown(found), asked[-1] if len(ids) > limit else None


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
