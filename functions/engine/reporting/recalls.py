"""What cancelling a campaign has taken back of what its providers had."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import RECALL


class Recalled(NamedTuple):
    """What cancelling a campaign has taken back of what its providers had, as far as is known."""

    recalled: int
    beyond_recall: int  #: they had them, and kept them
    done: bool  #: nothing more is being recalled


async def read(engine: Engine, campaigns: Sequence[Campaign]) -> list[Recalled | None]:
    """Return what was recalled of campaigns, in their order; None of those with nothing to recall.

    That is those that were not cancelled, or that had not been started.
    """
    asked = [_path(each) for each in campaigns if is_told_by_lane(each)]
    found = await engine.store.get_many(asked) if asked else []
    data = {document.path: document.data for document in found if document is not None}
    return [_recalled(each.recall or data.get(_path(each))) for each in campaigns]


async def read_one(engine: Engine, campaign: Campaign) -> Recalled | None:
    """Return what was recalled of a campaign; None where there was nothing to recall."""
    return (await read(engine, [campaign]))[0]


def is_told_by_lane(campaign: Campaign) -> bool:
    """Tell whether it has to be read: once the statistics are folded the campaign tells it too."""
    cancelled = campaign.status is CampaignStatus.CANCELLED and campaign.started_at is not None
    return cancelled and campaign.recall is None


def _path(campaign: Campaign) -> str:
    return paths.lane(campaign.org, campaign.id, RECALL)


def _recalled(data: Mapping[str, Any] | None) -> Recalled | None:
    return Recalled(**{name: data[name] for name in Recalled._fields}) if data else None
