"""Who is on a list, as it is shown, and what the list itself says of somebody."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import NamedTuple

from functions.domain.contacts.contact import Contact, contact_from, is_being_erased
from functions.domain.errors import InvalidFieldError
from functions.engine import paths
from functions.engine.contacts import lists, member_pages
from functions.engine.contacts.member_pages import Position, Row
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document


class Member(NamedTuple):
    """Somebody on a list, and their contact; None while they are being erased."""

    id: str
    address: str
    region: str
    zones: Sequence[str]
    attributes: Mapping[str, str]
    contact: Contact | None


async def members(
    engine: Engine, org: str, id_: str, *, limit: int, after: str | None
) -> tuple[list[Member], str | None]:
    """Return a page of a list's people, and the place to continue from.

    Raises NotFoundError for the list, and what `rows` raises.
    """
    await lists.load(engine, org, id_)
    found, following = await rows(engine, org, id_, after=after, limit=limit)
    known = await engine.store.get_many([paths.contact(org, each["id"]) for each in found])
    return [_shown(*pair) for pair in zip(found, known, strict=True)], following


async def rows(
    engine: Engine, org: str, id_: str, *, limit: int, after: str | None
) -> tuple[list[Row], str | None]:
    """Return what a list itself keeps of its next people, in the order of adding.

    Beside them the place to continue from, None at the end. Raises InvalidFieldError for a place
    that is none.
    """
    place = after or "0"
    if not re.fullmatch(r"[0-9]{1,12}", place):
        raise InvalidFieldError("cursor", "cursor: must be one that an earlier page gave")
    found: list[Position] = []
    behind = member_pages.from_place(engine, paths.list_(org, id_), int(place))
    async with aclosing(behind) as positions:
        async for position in positions:
            if len(found) == limit:
                return [each.row for each in found], str(found[-1].behind)
            found.append(position)
    return [each.row for each in found], None


async def own_rows(engine: Engine, org: str, id_: str, known: Iterable[Document]) -> dict[str, Row]:
    """Return contacts' rows, by their ids, where a list says something of its own; else none.

    What other rows hold the contacts say themselves.
    """
    noted = {each.id: each.data["list_pages"].get(id_, {}) for each in known}
    own = {each: note["page"] for each, note in noted.items() if note.get("own")}
    home = paths.list_(org, id_)
    pages = [member_pages.page_path(home, number) for number in sorted(set(own.values()))]
    found = await engine.store.get_many(pages) if pages else []
    rows = (row for page in found if page for row in page.data["rows"] if row)
    return {row["id"]: row for row in rows if row["id"] in own}


def _shown(row: Row, contact: Document | None) -> Member:
    known = contact is not None and not is_being_erased(contact.data)
    return Member(
        row["id"],
        row["address"],
        row["region"],
        row["zones"],
        row.get("attributes", {}),
        contact_from(contact.id, contact.data) if contact and known else None,
    )
