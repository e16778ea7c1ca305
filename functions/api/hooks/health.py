"""The function that says whether Clarion is well."""

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel

from functions.domain.times import iso
from functions.engine.reporting import health as health_of
from functions.engine.reporting.health import Condition, Health
from functions.web.context import Context

router = APIRouter(tags=["ops"])


class Part(BaseModel):
    """How one part is."""

    status: Condition


class CheckPart(Part):
    """How the every-minute check is; `unknown` before the first."""

    last_check_at: str | None
    age_s: float | None


class CampaignsPart(Part):
    """Whether campaigns start on time: the one that has waited longest for its start."""

    oldest_due_at: str | None
    overdue_s: float


class Checks(BaseModel):
    """Each part."""

    database: Part
    queue: Part
    check: CheckPart
    campaigns: CampaignsPart


class ShownHealth(BaseModel):
    """How Clarion is. `degraded`: it serves, and is behind; `unhealthy`: it cannot work."""

    status: Condition
    checks: Checks
    timestamp: str


@router.get("/health", responses={503: {"model": ShownHealth, "description": "Unhealthy."}})
async def health(context: Context, response: Response) -> ShownHealth:
    """Say whether store and queue work, and whether checks and campaigns keep to their time."""
    seen = await health_of.health(context.engine)
    if seen.overall is Condition.UNHEALTHY:
        response.status_code = 503
    return _shown(seen)


def _shown(seen: Health) -> ShownHealth:
    age, overdue = seen.check_age, seen.overdue
    return ShownHealth(
        status=seen.overall,
        checks=Checks(
            database=Part(status=seen.store),
            queue=Part(status=seen.queue),
            check=CheckPart(
                status=seen.check,
                last_check_at=iso(seen.last_check_at),
                age_s=None if age is None else age.total_seconds(),
            ),
            campaigns=CampaignsPart(
                status=seen.campaigns,
                oldest_due_at=iso(seen.oldest_due_at),
                overdue_s=overdue.total_seconds(),
            ),
        ),
        timestamp=iso(seen.now) or "",
    )
