"""How an organisation's sending is doing."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from functions.api.lateness import Spread, shown_spread
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.message import MessageStatus
from functions.engine.reporting import sending_status
from functions.engine.reporting.sending_status import COUNTED, LATELY, Status
from functions.web.auth import Area
from functions.web.caller_route import RestRoute, Viewer
from functions.web.fields import Instant

router = APIRouter(tags=[Area.STATUS], route_class=RestRoute)


class Counted(BaseModel):
    """Of which campaigns the messages were counted: the newest that run or ended lately."""

    campaigns: int
    at_most: int
    ended_within_h: float


class ShownStatus(BaseModel):
    """Campaigns by status, and what became of the messages of those at work.

    `message_lateness` runs from the time at which each message was due to the time at which the
    provider took it, up to a quarter above the true value.
    """

    campaigns: dict[CampaignStatus, int]
    counted: Counted
    messages: dict[MessageStatus, int]
    start_lateness: Spread
    message_lateness: Spread
    timestamp: Instant


@router.get("/status", response_model=ShownStatus)
async def get_status(context: Viewer) -> dict[str, Any]:
    """Count the organisation's campaigns and messages, and say how late they are."""
    return _shown(await sending_status.status(context.engine, context.org))


def _shown(seen: Status) -> dict[str, Any]:
    hours = LATELY.total_seconds() / 3600
    return {
        "campaigns": seen.campaigns,
        "counted": {"campaigns": seen.counted, "at_most": COUNTED, "ended_within_h": hours},
        "messages": {status: seen.messages[status] for status in MessageStatus},
        "start_lateness": shown_spread(seen.starts),
        "message_lateness": shown_spread(seen.sends),
        "timestamp": seen.now,
    }
