"""The links in mails: whoever has one may follow it, and nobody can make one up.

Programs follow links too, before a person sees the mail: what they do is kept apart.
"""

from base64 import b64decode
from typing import Final

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from functions.api.hooks import pages
from functions.api.hooks.pages import INSTEAD, Token, language_of
from functions.domain.urls.tracking_links import Link, Purpose
from functions.engine.receipts.readers import Visit, note
from functions.web.context import AppContext, Context
from functions.web.routing.route import Route

router = APIRouter(tags=["links"], route_class=Route)
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
async def show_picture(token: Token, request: Request, context: Context) -> Response:
    """Note that a mail was opened; the picture is shown whatever comes of that."""
    link = context.links.read(Purpose.OPEN, token)
    if link is not None:
        await _note(context, request, link, looks_only=False)
    return Response(_PICTURE, media_type="image/gif", headers=pages.PRIVATE)


@router.head("/links/o/{token}.gif", include_in_schema=False)
async def look_at_picture(token: str) -> Response:  # noqa: ARG001 (part of the path)
    """Tell of the picture: a program asks, and nobody has opened the mail."""
    return Response(_PICTURE, media_type="image/gif", headers=pages.PRIVATE)


@router.head("/links/c/{token:path}", include_in_schema=False)
@router.get(
    "/links/c/{token:path}",
    response_class=RedirectResponse,
    status_code=302,
    responses={404: INSTEAD[404]},
)
async def follow(token: Token, request: Request, context: Context) -> Response:
    """Lead to where the mail says, and note the click; a link that is not ours has a page.

    By HEAD it is a program that asks where it leads, not a person who follows.
    """
    link = context.links.read(Purpose.CLICK, token)
    if link is None:
        return pages.dead(language_of(request))
    await _note(context, request, link, looks_only=request.method == "HEAD")
    return RedirectResponse(link.target, 302, headers=pages.PRIVATE)


@router.head("/links/t/{token:path}", include_in_schema=False)
@router.get("/links/t/{token:path}", include_in_schema=False)
async def follow_hidden(token: str, request: Request, context: Context) -> Response:
    """Note that a program follows all links of a mail: no person sees this one."""
    link = context.links.read(Purpose.TRAP, token)
    if link is None:
        return pages.dead(language_of(request))
    await _note(context, request, link, looks_only=True)
    return Response(status_code=204, headers=pages.PRIVATE)


async def _note(context: AppContext, request: Request, link: Link, *, looks_only: bool) -> None:
    """Note what is done with a mail, if we can: it must not keep anybody from doing it."""
    headers = request.headers
    visit = Visit(link, headers.get("user-agent", ""), headers, looks_only=looks_only)
    try:
        await note(context.engine, visit)
    except Exception:
        log.exception("link_not_noted", campaign_id=link.ref.campaign, message_id=link.ref.message)
