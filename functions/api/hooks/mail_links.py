"""The links in mails: whoever has one may follow it, and nobody can make one up.

Programs follow links too, before a person sees the mail. So only a POST unsubscribes (RFC 8058),
and a HEAD is not a click.
"""

from base64 import b64decode
from dataclasses import replace
from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from functions.domain.errors import NotFoundError
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind
from functions.domain.urls.tracking_links import Link, Purpose
from functions.engine.receipts.receive import receive
from functions.web.context import AppContext, Context

router = APIRouter(tags=["links"])
log = structlog.get_logger()

Token = Annotated[str, Path(min_length=1, max_length=8192)]

#: A link is of one person and what it leads to is not anybody else's to keep or to be told.
_PRIVATE: Final = {
    "cache-control": "no-store, private, max-age=0",
    "referrer-policy": "no-referrer",
}
_PICTURE: Final = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Unsubscribe</title>
<body>
{}
</body>
</html>
"""
_ASK: Final = _PAGE.format(
    "<p>Do you want no more of these mails?</p>\n"
    '<form method="post"><button type="submit">Unsubscribe</button></form>'
)
_DONE: Final = _PAGE.format("<p>You are unsubscribed.</p>")


@router.get("/links/u/{token}", response_class=HTMLResponse)
async def ask_to_unsubscribe(token: Token, context: Context) -> HTMLResponse:
    """Show a page with a button, and change nothing."""
    _link(context, Purpose.UNSUBSCRIBE, token)
    return HTMLResponse(_ASK, headers=_PRIVATE)


@router.post("/links/u/{token}", response_class=HTMLResponse)
async def unsubscribe(token: Token, context: Context) -> HTMLResponse:
    """Bar the mail's address at once, whether the page or the reader's mail program asks."""
    link = _link(context, Purpose.UNSUBSCRIBE, token)
    event = _event(context, link, EventKind.OPTED_OUT)
    # Whoever was let back in may change their mind again, by the same mail.
    again = replace(event, id=f"{event.id}-{event.at:%Y%m%d%H%M}", suppress="unsubscribed")
    await receive(context.engine, again)
    return HTMLResponse(_DONE, headers=_PRIVATE)


@router.get(
    "/links/o/{token}.gif",
    response_class=Response,
    responses={200: {"description": "An invisible picture.", "content": {"image/gif": {}}}},
)
async def show_picture(token: Token, context: Context) -> Response:
    """Note that a mail was opened; the picture is shown whatever comes of that."""
    link = context.links.read(Purpose.OPEN, token)
    if link is not None:
        await _note(context, link, EventKind.READ)
    return Response(_PICTURE, media_type="image/gif", headers=_PRIVATE)


@router.get("/links/c/{token}", response_class=RedirectResponse, status_code=302)
async def follow(token: Token, context: Context) -> RedirectResponse:
    """Lead to where the mail says, and note the click."""
    link = _link(context, Purpose.CLICK, token)
    await _note(context, link, EventKind.CLICKED)
    return _to(link)


@router.head("/links/c/{token}", include_in_schema=False)
async def look_where(token: Token, context: Context) -> RedirectResponse:
    """Tell where a link leads: it is a program that asks, not a person who follows."""
    return _to(_link(context, Purpose.CLICK, token))


def _link(context: AppContext, purpose: Purpose, token: str) -> Link:
    link = context.links.read(purpose, token)
    if link is None:
        raise NotFoundError("Link", token)
    return link


def _to(link: Link) -> RedirectResponse:
    return RedirectResponse(link.target, 302, headers=_PRIVATE)


async def _note(context: AppContext, link: Link, kind: EventKind) -> None:
    """Note what a person did with a mail, if we can: it must not keep them from doing it."""
    try:
        await receive(context.engine, _event(context, link, kind))
    except Exception:
        log.exception("link_not_noted", campaign_id=link.ref.campaign, message_id=link.ref.message)


def _event(context: AppContext, link: Link, kind: EventKind) -> DeliveryEvent:
    """Return what is noted, once for each attempt: who clicks again does nothing new."""
    return DeliveryEvent(
        id=f"link-{kind}-{link.attempt}",
        ref=link.ref,
        attempt=link.attempt,
        kind=kind,
        at=context.engine.clock.now(),
    )
