"""Who a campaign is to, where that exists, and how many they are."""

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.errors import NotFoundError
from functions.engine import paths
from functions.engine.kernel.commits.modify import at_version
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Query, Where


async def audience_and_size(
    engine: Engine, org: str, id_: str, wanted: Audience | None
) -> tuple[Audience, int]:
    """Return a campaign's audience and its size, 0 where that is not known yet.

    Raises NotFoundError for a list or a segment that there is not.
    """
    if wanted is None:
        named = await engine.store.count(Query(paths.recipients(org, id_)))
        return Audience(AudienceKind.RECIPIENTS, id_), named
    match wanted.kind:
        case AudienceKind.LIST:
            found = at_version(
                await engine.store.get(paths.list_(org, wanted.id)), "List", wanted.id
            )
            return wanted, found.data["size"]
        case AudienceKind.SEGMENT:
            if await engine.store.get(f"{paths.segments(org)}/{wanted.id}") is None:
                raise NotFoundError("Segment", wanted.id)
            return wanted, 0
        case AudienceKind.ENTRANTS:
            return wanted, 0
        case _:
            active = Query(paths.contacts(org), (Where("active", "==", True),))
            return wanted, await engine.store.count(active)
