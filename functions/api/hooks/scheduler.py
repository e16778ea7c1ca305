"""The function that Cloud Scheduler calls every minute."""

from typing import Any

from fastapi import APIRouter

from functions.domain.campaigns.campaign import Campaign
from functions.domain.times import iso
from functions.engine.scheduling.check import CheckResult, check
from functions.web.caller_route import ByInvoker
from functions.web.context import Context
from functions.web.routing.strict_route import StrictRoute

router = APIRouter(tags=["scheduler"], route_class=StrictRoute)


@router.get("/check-scheduled-campaigns", dependencies=[ByInvoker])
@router.post("/check-scheduled-campaigns", dependencies=[ByInvoker])
async def check_scheduled_campaigns(context: Context) -> dict[str, Any]:
    """Start the campaigns that are due, oldest first, and revive work that was left lying."""
    result = await check(context.engine)
    return {
        "success": True,
        "message": _told(result),
        "started": [_shown(campaign) for campaign in result.started],
        "skipped": result.skipped,
        "errors": _errors(result),
        "timestamp": iso(context.engine.clock.now()),
        "maxCampaigns": context.engine.limits.max_campaigns,
    }


def _told(result: CheckResult) -> str:
    """Say how many campaigns were started, or that none was there to start."""
    if result.started or result.failed or result.skipped:
        return f"Started {len(result.started)} scheduled campaign(s)"
    return "No scheduled campaigns due to start"


def _shown(campaign: Campaign) -> dict[str, Any]:
    return {
        "campaignId": campaign.id,
        "campaignName": campaign.name,
        "scheduledTime": iso(campaign.scheduled_at),
        "actualStartTime": iso(campaign.started_at),
    }


def _errors(result: CheckResult) -> list[dict[str, str]]:
    return [
        {"campaignId": path.rpartition("/")[2], "campaignName": name, "error": error}
        for path, (name, error) in result.failed.items()
    ]
