"""Pages with a slash too many or one too few: what they link to would be looked for elsewhere.

All other paths are served alike with and without it. The redirect names no host: it leads from
`docs/` to `docs` wherever that lies.
"""

from typing import Final

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.types import Scope

_KEY: Final = "clarion.given_path"


def note_given(scope: Scope) -> None:
    """Keep the path as it was given."""
    scope[_KEY] = scope["path"]


def lacks_slash(request: Request) -> bool:
    """Tell whether a page that lies in a folder of its own was asked for like a file."""
    return not request.scope.get(_KEY, "/").endswith("/")


def without_slash(request: Request) -> RedirectResponse | None:
    """Return the way to a page where it was asked for with slashes at its end."""
    given = request.scope.get(_KEY, "")
    plain = given.rstrip("/")
    if plain == given:
        return None
    return RedirectResponse("../" * (len(given) - len(plain)) + plain.rpartition("/")[2], 308)
