"""/console/: the built web page. It speaks the REST API alone, and nothing of it is made here."""

import re
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from functions.domain.errors import NotFoundError
from functions.web.middleware.slashes import lacks_slash
from functions.web.routing.strict_route import StrictRoute

#: What `make console` builds.
DIST: Final = Path(__file__).with_name("dist")
router: Final = APIRouter(include_in_schema=False, route_class=StrictRoute)

#: Only our own script and style, and nothing of them within the page; no string becomes markup.
_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS: Final = {
    "content-security-policy": _CSP,
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
#: A built file's name tells what is in it, so that it never changes.
_NAME: Final = re.compile(r"[a-z]+-[A-Z0-9]{8}\.(js|css)")
_TYPES: Final = {"js": "text/javascript", "css": "text/css"}
_NOT_BUILT: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Clarion: the console is not built</title>
<body>
<h1>The console is not built</h1>
<p>Run <code>make console</code> in Clarion's folder, and load this page again. It installs the
package <code>deno</code> and builds the page once, which takes some ten seconds.</p>
<p>The API is here all the same: <a href="../docs">every request, to read and to try</a>.</p>
</body>
</html>
"""


@router.get("/console")
async def show_console(request: Request) -> Response:
    """Show the console's one page."""
    if lacks_slash(request):
        # Relative, for the console may lie below a function's name.
        return RedirectResponse("console/", 307)
    headers = {**_HEADERS, "cache-control": "no-store"}
    page = DIST / "index.html"
    if not page.is_file():
        return HTMLResponse(_NOT_BUILT, 503, headers)
    return HTMLResponse(page.read_bytes(), headers=headers)


@router.get("/console/{name}")
async def show_file(request: Request, name: str) -> Response:
    """Give one of the page's files."""
    match = _NAME.fullmatch(name)
    file = DIST / name
    if match is None or not file.is_file():
        raise NotFoundError("File", name)
    headers = {
        **_HEADERS,
        "cache-control": "public, max-age=31536000, immutable",
        "vary": "accept-encoding",
    }
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        file = DIST / f"{name}.gz"
    return FileResponse(file, headers=headers, media_type=_TYPES[match[1]])
