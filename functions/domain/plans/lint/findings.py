"""What a linter finds in a plan: where, why, and what to do about it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


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


def error(code: str, place: Sequence[str | int], sentence: str, hint: str = "") -> Finding:
    """Return what keeps a plan from being used."""
    return Finding(Level.ERROR, code, pointer(*place), sentence, hint)


def warning(code: str, place: Sequence[str | int], sentence: str, hint: str = "") -> Finding:
    """Return what was hardly meant."""
    return Finding(Level.WARNING, code, pointer(*place), sentence, hint)
