"""The function that says whether Clarion is well."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel

from functions.engine.reporting import health as health_of
from functions.engine.reporting.health import Condition, Health
from functions.web.context import Context
from functions.web.fields import Instant, MaybeInstant
from functions.web.routing.strict_route import StrictRoute

router = APIRouter(tags=["ops"], route_class=StrictRoute)


class Part(BaseModel):
    """How one part is."""

    status: Condition


class CheckPart(Part):
    """How the every-minute check is; `unknown` before the first."""

    last_check_at: MaybeInstant
    age_s: float | None


class CampaignsPart(Part):
    """Whether campaigns start on time: the one that has waited longest for its start."""

    oldest_due_at: MaybeInstant
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
    timestamp: Instant


@router.get(
    "/health",
    response_model=ShownHealth,
    responses={503: {"model": ShownHealth, "description": "Unhealthy."}},
)
async def health(context: Context, response: Response) -> dict[str, Any]:
    """Say whether store and queue work, and whether checks and campaigns keep to their time."""
    seen = await health_of.health(context.engine)
    if seen.overall is Condition.UNHEALTHY:
        response.status_code = 503
    return _shown(seen)


def _shown(seen: Health) -> dict[str, Any]:
    age = seen.check_age
    return {
        "status": seen.overall,
        "checks": {
            "database": {"status": seen.store},
            "queue": {"status": seen.queue},
            "check": {
                "status": seen.check,
                "last_check_at": seen.last_check_at,
                "age_s": None if age is None else age.total_seconds(),
            },
            "campaigns": {
                "status": seen.campaigns,
                "oldest_due_at": seen.oldest_due_at,
                "overdue_s": seen.overdue.total_seconds(),
            },
        },
        "timestamp": seen.now,
    }
