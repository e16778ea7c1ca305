"""Previews of mails as pages of their own: a form is posted into a sandboxed frame.

The page has a policy of its own, so that a mail shows its own styles and runs nothing. Within a
page of ours it would have the policy of that.
"""

from html import escape
from typing import Annotated, Final

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse
from pydantic import Field, Json

from functions.api.campaigns.actions import personalized_preview
from functions.api.campaigns.bodies import CampaignPreview
from functions.api.campaigns.preview_views import Preview
from functions.api.templates import TemplatePreview, preview_text
from functions.web.auth import Area
from functions.web.caller_route import RestRoute, Viewer
from functions.web.fields import Id, RestBody, example

router = APIRouter(route_class=RestRoute)

_HEADERS: Final = {
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline';"
    " img-src data: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "x-frame-options": "SAMEORIGIN",
    "cache-control": "no-store",
}
_PLAIN: Final = '<!doctype html><meta charset="utf-8"><pre style="white-space:pre-wrap">{}</pre>'


class TextMailPage(RestBody):
    """The form that asks for the page of a text."""

    model_config = example({"request": '{"text": "Hi", "html": "<p>Hi</p>", "values": {}}'})

    request: Json[TemplatePreview] = Field(
        description="What `POST /templates/preview` takes, as one field of JSON."
    )


@router.post("/templates/preview/page", tags=[Area.TEMPLATES], response_class=HTMLResponse)
async def show_text_page(wanted: Annotated[TextMailPage, Form()], context: Viewer) -> HTMLResponse:
    """Show the mail that a text makes which is not saved, as a page for a sandboxed frame."""
    shown = await preview_text(wanted.request, context)
    if shown["rendered_message"] is None:
        return _page("", f"Left out: they lack {', '.join(shown['missing'])}.")
    return _page(shown["html"], shown["rendered_message"])


@router.post(
    "/campaigns/{campaign_id}/preview/page", tags=[Area.CAMPAIGNS], response_class=HTMLResponse
)
async def show_campaign_page(
    campaign_id: Id, wanted: Annotated[CampaignPreview, Form()], context: Viewer
) -> HTMLResponse:
    """Show the mail that a campaign sends to one contact, as a page for a sandboxed frame."""
    shown: Preview = await personalized_preview(campaign_id, wanted, context)
    return _page(shown.html, shown.rendered_message)


def _page(html: str | None, text: str) -> HTMLResponse:
    """Return a mail as it shows; its plain text where it has no other."""
    return HTMLResponse(html or _PLAIN.format(escape(text)), headers=_HEADERS)
