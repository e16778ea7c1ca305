"""The page at the root: where somebody who opens Clarion's URL finds what they look for."""

from html import escape
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from functions import __version__
from functions.web.context import Context
from functions.web.routing.strict_route import StrictRoute

router = APIRouter(tags=["health"], route_class=StrictRoute)

#: The REST API's function in the cloud, whose paths stand below its name.
_REST_FUNCTION: Final = "api"
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Clarion</title>
</head>
<body>
<h1>Clarion {version} is here</h1>
<ul>
<li><a href="{base}/console/">The console: to see and steer campaigns</a></li>
<li><a href="{base}/docs">Every request, to read and to try</a></li>
<li><a href="{base}/openapi.json">The same as OpenAPI, for generators of clients</a></li>
<li><a href="{base}/health">How it is</a></li>
</ul>
<p>{access}</p>
<p>The README's first campaign and docs/guide/rest.md show where to begin.</p>
</body>
</html>
"""


@router.get("/", response_class=HTMLResponse, include_in_schema=False)
async def show_start(context: Context) -> HTMLResponse:
    """Show where the API's description and its health are."""
    settings = context.settings
    base = f"/{_REST_FUNCTION}" if settings.k_service == _REST_FUNCTION else ""
    access = (
        "This machine may use it without a token (AUTH_MODE=off)."
        if settings.auth_mode == "off"
        else "Requests carry a token: Authorization: Bearer TOKEN."
    )
    return HTMLResponse(_PAGE.format(version=__version__, base=base, access=escape(access)))
