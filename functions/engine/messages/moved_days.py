"""Up to where campaigns' counts of days have been moved into the days of their organisations."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.domain.campaigns.campaign import Campaign
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Create, Document, Set, Write


@dataclass(frozen=True, slots=True)
class Moved:
    """Up to where counts have been moved."""

    document: Document | None

    @property
    def version(self) -> int:
        """The version of what was read; 0 where nothing was ever moved."""
        return self.document.version if self.document else 0

    def behind(self, tier: int) -> tuple[datetime, str] | None:
        """Return the end and the path of the last campaign of which a tier was moved."""
        found = self.get(f"tier_{tier}")
        return (found["at"], found["path"]) if found else None

    def has(self, campaign: Campaign, tier: int) -> bool:
        """Tell whether a campaign's counts of a tier were moved."""
        behind = self.behind(tier)
        if behind is None or campaign.ended_at is None:
            return False
        path = paths.campaign(campaign.org, campaign.id)
        return (campaign.ended_at, path.split("/")) <= (behind[0], behind[1].split("/"))

    def get(self, name: str) -> Any:
        """Return what was noted."""
        return self.document.data.get(name) if self.document else None

    def noting(self, **fields: Any) -> Write:
        """Return the write that notes more; it conflicts with whoever has moved something since."""
        if self.document is None:
            return Create(paths.DELIVERY_DAYS, fields)
        return Set(paths.DELIVERY_DAYS, {**self.document.data, **fields}, self.document.version)


async def moved(engine: Engine) -> Moved:
    """Return up to where counts have been moved."""
    return Moved(await engine.store.get(paths.DELIVERY_DAYS))
