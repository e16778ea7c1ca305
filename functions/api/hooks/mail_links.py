"""The links in mails: whoever has one may follow it, and nobody can make one up.

Programs follow links too, before a person sees the mail: a HEAD is not a click.
"""

from base64 import b64decode
from typing import Final

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from functions.api.hooks import pages
from functions.api.hooks.pages import INSTEAD, Token, language_of
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind
from functions.domain.urls.tracking_links import Link, Purpose
from functions.engine.receipts.receive import receive
from functions.web.context import AppContext, Context

router = APIRouter(tags=["links"])
log = structlog.get_logger()

_PICTURE: Final = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@router.get(
    "/links/o/{token}.gif",
    response_class=Response,
    responses={
        200: {
            "description": "An invisible picture.",
            "content": {"image/gif": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def show_picture(token: Token, context: Context) -> Response:
    """Note that a mail was opened; the picture is shown whatever comes of that."""
    link = context.links.read(Purpose.OPEN, token)
    if link is not None:
        await _note(context, link, EventKind.READ)
    return Response(_PICTURE, media_type="image/gif", headers=pages.PRIVATE)


@router.head("/links/o/{token}.gif", include_in_schema=False)
async def look_at_picture(token: str) -> Response:  # noqa: ARG001 (part of the path)
    """Tell of the picture: a program asks, and nobody has opened the mail."""
    return Response(_PICTURE, media_type="image/gif", headers=pages.PRIVATE)


@router.get(
    "/links/c/{token:path}",
    response_class=RedirectResponse,
    status_code=302,
    responses={404: INSTEAD[404]},
)
async def follow(token: Token, request: Request, context: Context) -> Response:
    """Lead to where the mail says, and note the click; a link that is not ours has a page."""
    link = context.links.read(Purpose.CLICK, token)
    if link is None:
        return pages.dead(language_of(request))
    await _note(context, link, EventKind.CLICKED)
    return _to(link)


@router.head("/links/c/{token:path}", include_in_schema=False)
async def look_where(token: Token, request: Request, context: Context) -> Response:
    """Tell where a link leads: it is a program that asks, not a person who follows."""
    link = context.links.read(Purpose.CLICK, token)
    return pages.dead(language_of(request)) if link is None else _to(link)


def _to(link: Link) -> RedirectResponse:
    return RedirectResponse(link.target, 302, headers=pages.PRIVATE)


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
