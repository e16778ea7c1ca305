"""Names: what a program calls a sequence that it defines, and the id that it is stored under."""

from contextlib import suppress

from functions.domain.campaigns.campaign import Campaign
from functions.domain.digest import digest
from functions.domain.errors import NotFoundError
from functions.engine import paths
from functions.engine.campaigns.lifecycle import load
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Create, Delete


class Names:
    """The sequences of one organisation by their names; a name that was read is remembered."""

    def __init__(self, org: str) -> None:
        self.org = org
        self._ids: dict[str, str] = {}

    async def find(self, engine: Engine, name: str) -> Campaign:
        """Return a campaign by its name. Raises NotFoundError."""
        known = self._ids.get(name)
        campaign = await self._load(engine, known) if known else None
        if campaign is None:  # not asked for before, or another process has destroyed it
            claim = await engine.store.get(self._path(name))
            campaign = await self._load(engine, claim.data["campaign"]) if claim else None
        if campaign is None:
            raise NotFoundError("Campaign", name)
        self._ids[name] = campaign.id
        return campaign

    def claim(self, name: str, id_: str) -> Create:
        """Return the write that gives a name to a campaign; of two at once, one succeeds."""
        return Create(self._path(name), {"campaign": id_})

    def freed(self, name: str) -> Delete:
        """Return the write by which a name is free again."""
        return Delete(self._path(name))

    async def _load(self, engine: Engine, id_: str) -> Campaign | None:
        with suppress(NotFoundError):
            return await load(engine, self.org, id_)
        return None

    def _path(self, name: str) -> str:
        return paths.campaign_name(self.org, digest("library", name))
