"""What a linter finds in a plan: where, why, and what to do about it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic_core import ErrorDetails


class Level(StrEnum):
    """Whether a plan may be used in spite of a finding."""

    ERROR = "error"
    WARNING = "warning"


class Finding(NamedTuple):
    """A mistake in a plan, or something that was probably not meant."""

    level: Level
    code: str
    pointer: str  #: to a place that there is in the document, RFC 6901
    sentence: str
    hint: str = ""


def pointer(*parts: str | int) -> str:
    """Return a JSON pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def of_shape(error: ErrorDetails, document: object) -> Finding:
    """Return the finding of a part that is not shaped as it must be."""
    place, missing = _place(error["loc"], document)
    sentence = error["msg"].removeprefix("Value error, ")
    if missing and error["type"] == "missing":
        sentence = f"{missing} is missing"
    name = f"{place[-1]}: " if place and not missing else ""
    return Finding(Level.ERROR, f"shape_{error['type']}", pointer(*place), f"{name}{sentence}")


def _place(loc: Sequence[str | int], document: object) -> tuple[list[str | int], str]:
    """Follow an error's path as far as the document goes; return the member that is missing there.

    The path names the kinds of nodes too, which are no members of the document.
    """
    place: list[str | int] = []
    here: Any = document
    for part in loc:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            continue
        place.append(part)
    found = bool(place) and place[-1] == loc[-1]
    return place, "" if found else str(loc[-1])
