"""Where readers of mails unsubscribe: from everything, or from what they name.

Programs follow links before a person sees the mail, so only a POST changes something (RFC 8058).
"""

from typing import Final
from urllib.parse import parse_qs

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from functions.api.hooks import pages
from functions.api.hooks.pages import INSTEAD, Token, language_of
from functions.domain.contacts.suppressions import ALL
from functions.domain.errors import NotFoundError
from functions.domain.urls.tracking_links import Link, Purpose
from functions.engine.ports.store import StoreError
from functions.engine.receipts import unsubscribing
from functions.engine.receipts.unsubscribing import Reader
from functions.web.context import AppContext, Context
from functions.web.routing.route import Route

router = APIRouter(tags=["links"], route_class=Route)
log = structlog.get_logger()

_PATH: Final = "/links/u/{token:path}"
_FORM: Final = "application/x-www-form-urlencoded"


class _NoPageError(Exception):
    """There is another page to show instead."""

    def __init__(self, page: HTMLResponse) -> None:
        self.page = page


@router.head(_PATH, include_in_schema=False)
@router.get(_PATH, response_class=HTMLResponse, responses=INSTEAD)
async def ask_to_unsubscribe(token: Token, request: Request, context: Context) -> HTMLResponse:
    """Show a page that asks what is to stop, and change nothing."""
    try:
        _, reader, language = await _found(token, request, context)
    except _NoPageError as instead:
        return instead.page
    if ALL in reader.stopped:
        return pages.done(language, reader.name, reader.masked, [ALL], [])
    return pages.asked(language, reader.name, reader.masked, reader.left)


@router.post(_PATH, response_class=HTMLResponse, responses=INSTEAD)
async def unsubscribe(token: Token, request: Request, context: Context) -> HTMLResponse:
    """Bar the mail's address at once, whether the page or the reader's mail program asks.

    A mail program, and whoever does not say what, unsubscribes from everything.
    """
    try:
        link, reader, language = await _found(token, request, context)
        scope = await _wanted(request, reader)
        await unsubscribing.unsubscribe(context.engine, link.ref, link.attempt, scope)
    except _NoPageError as instead:
        return instead.page
    except NotFoundError:
        return pages.gone(language_of(request))
    except StoreError as error:
        log.exception("store_failed", error=str(error))
        return pages.broken(language_of(request))
    stopped = (
        [ALL] if scope == ALL else [*(each for each in reader.stopped if each != scope), scope]
    )
    left = [] if scope == ALL else [each for each in reader.left if each != scope]
    return pages.done(language, reader.name, reader.masked, stopped, left)


@router.head("/links/u", include_in_schema=False)
@router.get("/links/u", include_in_schema=False)
@router.head("/links/c", include_in_schema=False)
@router.get("/links/c", include_in_schema=False)
async def show_that_it_is_cut_off(request: Request) -> HTMLResponse:
    """Show the page of a link of which nothing is left behind its first words."""
    return pages.dead(language_of(request))


async def _found(token: str, request: Request, context: AppContext) -> tuple[Link, Reader, str]:
    """Return a link, whose it is and how to speak to them; raise what to show instead."""
    accepted = language_of(request)
    link = context.links.read(Purpose.UNSUBSCRIBE, token)
    if link is None:
        raise _NoPageError(pages.dead(accepted))
    try:
        reader = await unsubscribing.reader_of(context.engine, link.ref)
    except StoreError as error:
        log.exception("store_failed", error=str(error))
        raise _NoPageError(pages.broken(accepted)) from error
    if reader is None:
        raise _NoPageError(pages.gone(accepted))
    return link, reader, language_of(request, *reader.languages)


async def _wanted(request: Request, reader: Reader) -> str:
    """Return the scope that the page's form names; everything where it names none of its own."""
    if not request.headers.get("content-type", "").lower().startswith(_FORM):
        return ALL
    form = parse_qs((await request.body()).decode(errors="replace"))
    scope = form.get("scope", [ALL])[-1]
    return scope if scope in reader.offered else ALL
