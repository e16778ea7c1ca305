"""Whom and what people mean who type a name, an address, or the beginning of an id."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from rich.table import Table

from functions.cli.api import Api, RefusedError
from functions.domain.kinds import CampaignKind

_CAMPAIGN: Final = re.compile(r"[0-9a-f]{32}")
_KEY: Final = re.compile(r"[0-9a-f]{16}")
#: What stands before the id of a contact where people are named by whatever is known of them.
_CONTACT: Final = "contact:"
#: Of several that begin alike, so many are told.
_TOLD: Final = 5


async def campaign_id(api: Api, written: str) -> str:
    """Return the id of the campaign that is meant. Raises RefusedError."""
    if _CAMPAIGN.fullmatch(written):
        return written
    return await _only("Campaign", written, campaigns(api))


async def key_id(api: Api, written: str) -> str:
    """Return the id of the API key that is meant. Raises RefusedError."""
    if _KEY.fullmatch(written):
        return written
    return await _only("API key", written, api.each("/api-keys", limit=1000))


def person(text: str) -> dict[str, str]:
    """Return somebody as the API is told them: a contact, an address, or a caller's own name."""
    if text.startswith(_CONTACT):
        return {"contact_id": text.removeprefix(_CONTACT)}
    if text.startswith("+"):
        return {"phone": text}
    return {"email": text} if "@" in text else {"subject": text}


async def campaigns(api: Api, **filters: Any) -> AsyncIterator[dict[str, Any]]:
    """Yield campaigns of every kind, each kind newest first."""
    for kind in CampaignKind:
        async for found in api.each("/campaigns", kind=kind.value, page_size=100, **filters):
            yield found


async def _only(what: str, written: str, among: AsyncIterator[Mapping[str, Any]]) -> str:
    found = {str(it["id"]): it["name"] async for it in among if it["id"].startswith(written)}
    match len(found):
        case 0:
            raise RefusedError(f"{what} not found")
        case 1:
            return next(iter(found))
    told = [f"{id_} ({name})" for id_, name in list(found.items())[:_TOLD]]
    more = [f"{len(found) - _TOLD} more"] if len(found) > _TOLD else []
    listed = ", ".join((*told, *more))
    raise RefusedError(f"{written} is the beginning of {len(found)} ids: {listed}")


def table(heading: str, *columns: str, width: int) -> Table:
    """Return a table whose first column shows ids whole, however narrow the window is."""
    made = Table()
    made.add_column(heading, no_wrap=True, min_width=width)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made
