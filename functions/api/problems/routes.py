"""The pages that a problem's `type` leads to, for whoever reads one in a log."""

from html import escape
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response

from functions.api.problems.catalogue import FAMILIES, KINDS, Kind, kind_of
from functions.domain.errors import NotFoundError
from functions.web.middleware.slashes import without_slash
from functions.web.routing.strict_route import StrictRoute

router = APIRouter(prefix="/problems", tags=["ops"], route_class=StrictRoute)

#: The same for everybody until the next release.
_KEPT: Final = {"cache-control": "public, max-age=3600"}
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


@router.get("", response_class=HTMLResponse, include_in_schema=False)
async def list_problems(request: Request) -> Response:
    """Show every code, and what it means."""
    if elsewhere := without_slash(request):
        return elsewhere
    families = {f"{before}..{after}": kind for (before, after), kind in FAMILIES.items()}
    rows = [_row(code, kind, linked=True) for code, kind in KINDS.items()]
    rows += [_row(code, kind, linked=False) for code, kind in families.items()]
    head = "<tr><th>code</th><th>status</th><th>means</th></tr>"
    return _page("Problems", f"<table>\n{head}\n{''.join(rows)}</table>")


@router.get("/{code}", response_class=HTMLResponse, include_in_schema=False)
async def show_problem(code: Annotated[str, Path(max_length=64)]) -> HTMLResponse:
    """Show what a code means, and what to do."""
    kind = kind_of(code)
    if kind is None:
        raise NotFoundError("Problem", code)
    told = f"<p>Status {kind.status}. {escape(kind.means)}</p>\n<p>{escape(kind.do)}</p>"
    return _page(code, told)


def _row(code: str, kind: Kind, *, linked: bool) -> str:
    name = escape(code)
    shown = f'<a href="problems/{name}">{name}</a>' if linked else name
    return f"<tr><td>{shown}</td><td>{kind.status}</td><td>{escape(kind.means)}</td></tr>\n"


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(title=escape(title), body=body), headers=_KEPT)
