"""Every deployable function: `functions-framework --target=NAME`, or --entry-point in the cloud.

Each serves its own part of one application (functions/bootstrap/parts.py), and is given the
secrets that it uses (functions/settings/secrets.py); `app` serves all of it.
"""

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from functions.bootstrap.entry import face
from functions.bootstrap.parts import REST_PATHS

http = functions_framework.aio.http


@http
async def app(_: Request) -> Response:
    """Everything under one port, for a laptop or one Cloud Run service."""
    return await face("app")


@http
async def api(_: Request) -> Response:
    """Serve the REST API, with its documentation at /docs."""
    return await face("api", *REST_PATHS)


@http
async def create_campaign(_: Request) -> Response:
    """Create a campaign, now or for later."""
    return await face("create_campaign", "/create-campaign")


@http
async def pause_campaign(_: Request) -> Response:
    """Pause a running campaign."""
    return await face("pause_campaign", "/pause-campaign")


@http
async def resume_campaign(_: Request) -> Response:
    """Resume a paused campaign."""
    return await face("resume_campaign", "/resume-campaign")


@http
async def cancel_campaign(_: Request) -> Response:
    """Cancel a campaign that has not ended."""
    return await face("cancel_campaign", "/cancel-campaign")


@http
async def reschedule_campaign(_: Request) -> Response:
    """Move the start of a scheduled campaign."""
    return await face("reschedule_campaign", "/reschedule-campaign")


@http
async def retry_campaign(_: Request) -> Response:
    """Call again those whom a campaign did not reach."""
    return await face("retry_campaign", "/retry-campaign")


@http
async def campaign_progress(_: Request) -> Response:
    """Show how far a campaign has come."""
    return await face("campaign_progress", "/campaign-progress")


@http
async def get_report_by_campaign(_: Request) -> Response:
    """Show what became of each person of a campaign."""
    return await face("get_report_by_campaign", "/get-report-by-campaign")


@http
async def upload_csv(_: Request) -> Response:
    """Make a list of a CSV file."""
    return await face("upload_csv", "/upload-csv")


@http
async def get_list_contact(_: Request) -> Response:
    """Show the people of a list."""
    return await face("get_list_contact", "/get-list-contact")


@http
async def single_call(_: Request) -> Response:
    """Call one number outside a campaign."""
    return await face("single_call", "/single-call")


@http
async def check_scheduled_campaigns(_: Request) -> Response:
    """Start what is due; Cloud Scheduler calls it every minute."""
    return await face("check_scheduled_campaigns", "/check-scheduled-campaigns")


@http
async def run_task(_: Request) -> Response:
    """Do a task of the queue."""
    return await face("run_task", "/tasks")


@http
async def receive_webhook(_: Request) -> Response:
    """Apply what a carrier reports."""
    return await face("receive_webhook", "/webhooks")


@http
async def links(_: Request) -> Response:
    """Serve the links in mails: to unsubscribe, to note openings and clicks."""
    return await face("links", "/links")


@http
async def health(_: Request) -> Response:
    """Say whether Clarion is well."""
    return await face("health", "/health")
