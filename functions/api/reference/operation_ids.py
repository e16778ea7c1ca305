"""Names of operations: what a generated client calls its functions. Each begins with a verb."""

from collections.abc import Mapping
from typing import Final

from fastapi.routing import APIRoute

#: By method and path: the names of handlers that say too little, or that two operations share.
_IDS: Final[Mapping[tuple[str, str], str]] = {
    ("POST", "/create-campaign"): "create_voice_campaign",
    ("POST", "/pause-campaign"): "pause_voice_campaign",
    ("POST", "/resume-campaign"): "resume_voice_campaign",
    ("POST", "/cancel-campaign"): "cancel_voice_campaign",
    ("POST", "/reschedule-campaign"): "reschedule_voice_campaign",
    ("POST", "/retry-campaign"): "retry_voice_campaign",
    ("POST", "/single-call"): "place_single_call",
    ("GET", "/campaign-progress/{campaign_id}"): "get_campaign_progress",
    ("POST", "/campaigns/{campaign_id}/personalized-preview"): "preview_campaign",
    ("GET", "/check-scheduled-campaigns"): "check_scheduled_campaigns_by_get",
    ("GET", "/health"): "get_health",
    ("GET", "/webhooks/{provider}/{event}/{org}/{campaign}/{message}/{attempt}"): (
        "receive_webhook_by_get"
    ),
    ("GET", "/links/c/{token}"): "follow_link",
}


def operation_id(route: APIRoute) -> str:
    """Return what an operation is called: as its handler, where that is enough."""
    (method, *_) = sorted(route.methods or ("GET",))
    return _IDS.get((method, route.path_format), route.name)
