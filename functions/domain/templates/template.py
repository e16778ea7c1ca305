"""Message templates: Liquid and placeholders such as {first_name}, in one text.

Both are read from the template's text alone. A person's value is printed as it is, whatever it
looks like: a first name of "{phone}" or "{{ phone }}" stays that.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from functions.domain.templates.errors import MissingFieldError, TemplateError, TemplateLimitError
from functions.domain.templates.fields import LINK_MARKS, field_name
from functions.domain.templates.scanner import Output, Piece, Text, scan
from functions.domain.templates.values import check_output, is_blank, is_missing, plain, text_of

__all__ = ["Missing", "MissingFieldError", "Template", "TemplateError", "TemplateLimitError"]

Needs: TypeAlias = frozenset[frozenset[str]]

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
# {{ name }} and {{ name | default: "text" }}, which need no Liquid; its keywords are no names.
_SIMPLE: Final = re.compile(
    r"""(?!(?:and|as|blank|cols|contains|continue|else|empty|false|for|if|in|limit|nil|not|null
            |offset|or|required|reversed|true|with)\b)
        ([A-Za-z_][A-Za-z0-9_]*+)\s*+
        (?:\|\s*+default\s*+:\s*+("[^"]*+"|'[^']*+'))?\s*+""",
    re.VERBOSE,
)


class Missing(StrEnum):
    """What becomes of a field that the person has no value for: None, "" or nothing at all."""

    BLANK = "blank"  #: it prints nothing
    DEFAULT = "default"  #: `defaults` stands in for it; a field without one is refused
    REFUSE = "refuse"  #: it is refused: MissingFieldError


class _Program(Protocol):
    def render(self, values: Mapping[str, Any]) -> str: ...


@dataclass(frozen=True, slots=True)
class Template:
    """A template that has been read and checked; made by `parse`.

    The filter `default`, and a condition that asks for the field around it, make a field
    dispensable where they stand: there it is never refused.
    """

    text: str
    html: bool
    fields: frozenset[str]  #: what it uses of a person
    _needs: Needs = field(repr=False)
    _program: _Program = field(repr=False, compare=False)

    @staticmethod
    def parse(text: str, *, html: bool = False) -> "Template":
        """Read a template; in an HTML one, values are escaped. Raises TemplateError."""
        pieces = scan(text, html=html)
        parts = _simple_parts(pieces)
        if parts is None:
            return _parse_liquid(text, pieces, html=html)
        used = [part for part in parts if isinstance(part, _Field)]
        needs = frozenset(frozenset({part.name}) for part in used if part.default is None)
        fields = frozenset(part.name for part in used)
        return Template(text, html, fields, needs, _Simple(parts, is_html=html))

    def render(
        self,
        values: Mapping[str, Any],
        *,
        missing: Missing = Missing.BLANK,
        defaults: Mapping[str, str] = _NOTHING,
    ) -> str:
        """Print the template for one person.

        `defaults` holds a text for each field that may be missing under Missing.DEFAULT, as if
        it were the person's. Raises MissingFieldError, or TemplateLimitError where this would
        take too much time or memory.
        """
        if missing is not Missing.BLANK:
            stand_ins = defaults if missing is Missing.DEFAULT else _NOTHING
            lacking = self.missing(values, defaults=stand_ins)
            if lacking:
                raise MissingFieldError(lacking)
            values = self._filled(values, stand_ins)
        return self._program.render(values)

    def missing(
        self, values: Mapping[str, Any], *, defaults: Mapping[str, str] = _NOTHING
    ) -> list[str]:
        """Return, in order, the needed fields that neither the person nor `defaults` has."""
        return sorted(
            {
                name
                for need in self._needs
                if all(is_missing(values.get(n)) and not defaults.get(n) for n in need)
                for name in need
            }
        )

    def _filled(self, values: Mapping[str, Any], defaults: Mapping[str, str]) -> Mapping[str, Any]:
        filled = {
            n: defaults[n] for n in self.fields if n in defaults and is_missing(values.get(n))
        }
        return {**values, **filled} if filled else values


class _Field(NamedTuple):
    name: str
    default: str | None


_Part: TypeAlias = str | _Field


class _Simple:
    """Texts and fields in turn: what most messages are, without Liquid's cost."""

    def __init__(self, parts: Sequence[_Part], *, is_html: bool) -> None:
        self._parts = parts
        self._is_html = is_html

    def render(self, values: Mapping[str, Any]) -> str:
        texts, printed = [], 0
        for part in self._parts:
            text = part if isinstance(part, str) else self._field(part, values)
            printed += len(text)
            check_output(printed)
            texts.append(text)
        return "".join(texts)

    def _field(self, part: _Field, values: Mapping[str, Any]) -> str:
        value = values.get(part.name)
        if type(value) is not str:
            value = plain(value)
        if part.default is not None and is_blank(value):
            value = part.default
        text = text_of(value)
        return escape(text) if self._is_html else text


def _simple_parts(pieces: Sequence[Piece]) -> list[_Part] | None:
    """Return texts and fields, or None where a piece needs Liquid."""
    parts = [_simple_part(piece) for piece in pieces]
    found = [part for part in parts if part is not None]
    return found if len(found) == len(parts) else None


def _simple_part(piece: Piece) -> _Part | None:
    if isinstance(piece, Text):
        return piece.text
    match = _SIMPLE.fullmatch(piece.expression) if isinstance(piece, Output) else None
    if match is None:
        return None
    name = match[1]
    return LINK_MARKS.get(name) or _Field(field_name(name), match[2] and match[2][1:-1])


def _parse_liquid(text: str, pieces: Sequence[Piece], *, html: bool) -> Template:
    # Loaded when the first template asks for it: most need none of it, and a start waits for it.
    from functions.domain.templates import analysis, liquid

    nodes = liquid.parse(text, pieces, is_html=html)
    usage = analysis.check(text, nodes)
    program = liquid.Program(nodes, usage.names, is_html=html)
    fields = frozenset(map(field_name, usage.fields - LINK_MARKS.keys()))
    needs = frozenset(
        frozenset(map(field_name, need)) for need in usage.needs if not need & LINK_MARKS.keys()
    )
    return Template(text, html, fields, needs, program)
