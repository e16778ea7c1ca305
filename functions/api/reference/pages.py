"""/docs: the document for people, from files of an installed package. Nothing else is asked for."""

from importlib import resources
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from functions.domain.errors import NotFoundError
from functions.web.middleware.slashes import without_slash
from functions.web.routing.strict_route import StrictRoute

router: Final = APIRouter(include_in_schema=False, route_class=StrictRoute)

#: No script and no style but ours; what the page is tried with goes to ourselves alone.
_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS: Final = {
    "content-security-policy": _CSP,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_FILES: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}
#: Whose files they are; the package itself is not used.
_PACKAGE: Final = "fastapi_offline"
_FOLDER: Final = "static"

#: Paths are relative, for /docs may lie below a function's name.
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Clarion: the API</title>
<link rel="icon" href="docs/favicon.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
<body>
<div id="docs"></div>
<noscript>This page needs JavaScript; the same is told by <a href="openapi.json">openapi.json</a>.
</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START: Final = """\
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "none",
  validatorUrl: null,
});
"""


@router.get("/docs")
async def show_docs(request: Request) -> Response:
    """Show the reference of the API."""
    if elsewhere := without_slash(request):
        return elsewhere
    return HTMLResponse(_PAGE, headers=_HEADERS)


@router.get("/docs/{name}")
async def show_file(name: str) -> Response:
    """Give one of the page's files."""
    kept = {**_HEADERS, "cache-control": "public, max-age=86400"}
    if name == "start.js":
        return Response(_START, media_type="text/javascript", headers=kept)
    if name not in _FILES:
        raise NotFoundError("File", name)
    file = resources.files(_PACKAGE).joinpath(_FOLDER, name)
    return Response(file.read_bytes(), media_type=_FILES[name], headers=kept)
