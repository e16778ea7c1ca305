"""The audit trail: who did what, when and why; written with every change, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.domain.errors import NotFoundError
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import Page, between, page_where
from functions.engine.ports.store import Create, Document, Query, Where


def entry(
    org: str,
    id_: str,
    *,
    action: str,
    by: str,
    at: datetime,
    reason: str | None = None,
    **about: Any,
) -> Create:
    """Return the write that adds an entry, to go with the change in one commit.

    `id_` is derived from the change, so that no change leaves two. `about` says what was changed:
    campaign, status, fields ...
    """
    fields = {"action": action, "by": by, "at": at, "reason": reason, **about}
    return Create(paths.audit(org, id_), fields)


async def of_campaign(
    engine: Engine, org: str, campaign_id: str, *, after: tuple[datetime, str] | None, limit: int
) -> list[Document]:
    """Return what was done to a campaign, oldest first, behind an entry's time and id.

    The trail outlives a draft that was deleted. Raises NotFoundError where there never was one.
    """
    where = (Where("campaign", "==", campaign_id),)
    query = Query(
        paths.audit_trail(org), where, ("at",), limit=limit, start_after=_start(org, after)
    )
    entries = await engine.store.query(query)
    if not entries and await engine.store.get(paths.campaign(org, campaign_id)) is None:
        raise NotFoundError("Campaign", campaign_id)
    return entries


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries of a trail are shown: those that all of these hold for."""

    action: str = ""
    by: str = ""
    since: datetime | None = None
    before: datetime | None = None

    def passes(self, data: Mapping[str, Any]) -> bool:
        """Tell whether an entry is shown."""
        return self.action in {"", data["action"]} and self.by in {"", data["by"]}


async def of_organisation(
    engine: Engine,
    org: str,
    shown: AuditFilter,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Page:
    """Return what was done in an organisation, newest first, behind an entry's time and id."""
    query = Query(
        paths.audit_trail(org),
        between("at", shown.since, shown.before),
        ("-at",),
        limit=limit,
        start_after=_start(org, after),
    )
    return await page_where(engine, query, shown.passes if shown.action or shown.by else None)


def _start(org: str, after: tuple[datetime, str] | None) -> tuple[datetime, str] | None:
    return (after[0], paths.audit(org, after[1])) if after else None
