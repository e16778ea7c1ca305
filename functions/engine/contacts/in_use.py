"""What campaigns that have not ended still need: lists and segments, which are kept for them.

Templates may go: what a campaign takes of one it keeps.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, NamedTuple

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.send import send_from
from functions.domain.campaigns.status import ENDED, CampaignStatus
from functions.domain.errors import InUseError
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Query, Where

#: Campaigns of these may still need their audience; one that lost it would be sent to nobody.
_NEEDING: Final = tuple(status for status in CampaignStatus if status not in ENDED)
_PAGE: Final = 500
_WORDS: Final = {AudienceKind.LIST: "List", AudienceKind.SEGMENT: "Segment"}
#: Campaigns that are looked through where somebody only wants to know, and those that are told.
_LOOKED_THROUGH: Final = 2000
_TOLD: Final = 100


class Uses(NamedTuple):
    """Campaigns that have not ended; not complete: there may be more."""

    campaigns: list[Document]
    complete: bool


async def refuse_while_used(engine: Engine, org: str, kind: AudienceKind, id_: str) -> None:
    """Raise InUseError while a campaign to this audience has not ended.

    It looks through the campaigns that have not: they are few, and no index knows audiences.
    """
    audience = {"kind": kind, "id": id_}
    async for each in _needing(engine, org):
        if each.data["audience"] == audience:
            raise InUseError(_WORDS[kind], each.data["name"])


async def uses(engine: Engine, org: str, kind: AudienceKind, id_: str) -> Uses:
    """Return the campaigns to this audience that have not ended, the newest of a status first."""
    audience = {"kind": kind, "id": id_}
    return await _found(engine, org, lambda data: data["audience"] == audience)


async def uses_of_template(engine: Engine, org: str, id_: str) -> Uses:
    """Return the campaigns that have not ended, and whose words were taken from a template."""
    return await _found(
        engine, org, lambda data: send_from(data["own_send"]).content.template_id == id_
    )


async def _found(engine: Engine, org: str, fits: Callable[[Mapping[str, Any]], bool]) -> Uses:
    found: list[Document] = []
    looked_through = 0
    async for each in _needing(engine, org):
        if looked_through == _LOOKED_THROUGH or len(found) == _TOLD:
            return Uses(found, complete=False)
        looked_through += 1
        if fits(each.data):
            found.append(each)
    return Uses(found, complete=True)


async def _needing(engine: Engine, org: str) -> AsyncIterator[Document]:
    """Yield the campaigns that have not ended."""
    for status in _NEEDING:
        where = (Where("status", "==", status),)
        query = Query(paths.campaigns(org), where, ("-created_at",), limit=_PAGE)
        while found := await engine.store.query(query):
            for each in found:
                yield each
            query = query.after(found[-1])
