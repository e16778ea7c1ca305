"""Progress: what was asked of a migration, how far it has come, and what is left of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import MIGRATION


class Progress(NamedTuple):
    """The last migration of a campaign's people."""

    to: int  #: the version that they go over to
    nodes: Mapping[str, str]  #: by a node that is no more: where people go on, or "exit"
    by: str
    asked_at: datetime
    looked_at: int  #: people who were looked at so far
    migrated: int  #: of them, who have gone over
    exited: int  #: who have left, as the map says
    stuck: Mapping[str, int]  #: who stand where nothing says where to go on, by node
    failed: int  #: who could not be decided about: they stay where they are
    ended_at: datetime | None  #: None while it is at work

    @property
    def is_running(self) -> bool:
        """True until everybody has been looked at."""
        return self.ended_at is None


#: What is counted anew where people are looked at once more from the beginning.
UNCOUNTED: Final[Mapping[str, Any]] = {"after": "", "looked_at": 0, "stuck": {}, "failed": 0}
_STORED: Final = frozenset(Progress._fields)


def progress_from(data: Mapping[str, Any]) -> Progress:
    """Rebuild a migration's progress from what its lane holds."""
    return Progress(**{name: value for name, value in data.items() if name in _STORED})


async def progress_of(engine: Engine, campaign: Campaign) -> Progress | None:
    """Return the progress of a campaign's last migration; None where there was none."""
    if campaign.plan < 2 or campaign.status in _UNSTARTED:  # noqa: PLR2004  the first is nobody's second
        return None
    lane = await engine.store.get(paths.lane(campaign.org, campaign.id, MIGRATION))
    return None if lane is None else progress_from(lane.data)


_UNSTARTED: Final = frozenset({CampaignStatus.DRAFT, CampaignStatus.SCHEDULED})
