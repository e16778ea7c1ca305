"""What campaigns that have not ended still need: a list or a segment that is to be deleted."""

from typing import Final

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.status import ENDED, CampaignStatus
from functions.domain.errors import InUseError
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Query, Where

#: Campaigns of these may still need their audience; one that lost it would be sent to nobody.
_NEEDING: Final = tuple(status for status in CampaignStatus if status not in ENDED)
_PAGE: Final = 500
_WORDS: Final = {AudienceKind.LIST: "List", AudienceKind.SEGMENT: "Segment"}


async def refuse_while_used(engine: Engine, org: str, kind: AudienceKind, id_: str) -> None:
    """Raise InUseError while a campaign to this audience has not ended.

    It looks through the campaigns that have not: they are few, and no index knows audiences.
    """
    audience = {"kind": kind, "id": id_}
    for status in _NEEDING:
        where = (Where("status", "==", status),)
        query = Query(paths.campaigns(org), where, ("-created_at",), limit=_PAGE)
        while found := await engine.store.query(query):
            for each in found:
                if each.data["audience"] == audience:
                    raise InUseError(_WORDS[kind], each.data["name"])
            query = query.after(found[-1])
