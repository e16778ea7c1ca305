"""Cuts a template's text into pieces: one pass, whose time grows with the text and no faster.

It stands in front of python-liquid, whose own lexer searches to the end of the text again and
again (`{% raw %}{% raw %}...`, `{{` and ten thousand blanks), and which lets much pass in silence.
"""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from functions.domain.templates.errors import TemplateError
from functions.domain.templates.fields import LINK_MARKS, PLACEHOLDERS, field_name

MAX_PLAIN: Final = 10_000  #: characters of a template
MAX_HTML: Final = 100_000  #: the same, where most of it is layout
MAX_MARKS: Final = 300  #: placeholders, {{ }} and {% %} of a template
MAX_CODE: Final = 200  #: characters between {{ and }}, or between {% and %}
MAX_ALL_CODE: Final = 8_000  #: the same, of a template
MAX_DEPTH: Final = 10  #: blocks within each other

#: Blocks, and the tags that divide them.
BLOCKS: Final = {
    "if": ("elsif", "else"),
    "unless": ("elsif", "else"),
    "case": ("when", "else"),
    "for": ("else",),
    "capture": (),
}
_DIVIDERS: Final = frozenset({"elsif", "else", "when"})
_INSIDE_LOOPS: Final = frozenset({"break", "continue"})
_BARE: Final = _INSIDE_LOOPS | {"else", "comment", "raw"} | {f"end{name}" for name in BLOCKS}
_KNOWN: Final = ("assign", *BLOCKS, *sorted(_DIVIDERS), *sorted(_INSIDE_LOOPS), "comment", "raw")

#: What single braces take.
_SINGLE: Final = (*PLACEHOLDERS, *LINK_MARKS)
_MARK: Final = re.compile(r"\{\{-?|\{%-?|\{ {0,2}(" + "|".join(_SINGLE) + r") {0,2}\}")
_NAME: Final = re.compile(r"\w*+")
_COMMENT: Final = re.compile(r"\{%-?\s*+(end)?comment\s*+-?%\}")
_END_RAW: Final = re.compile(r"\{%(-?)\s*+endraw\s*+(-?)%\}")
# Texts are closed; brackets hold one number or text, so that no name is taken from a value.
_EXPRESSION: Final = re.compile(
    r"""(?:[^"'()\[\]{}]|"[^"]*+"|'[^']*+'|\[\s*+(?:-?\d++|"[^"]*+"|'[^']*+')\s*+\])*+"""
)


class Text(NamedTuple):
    """Printed as it stands."""

    text: str
    at: int
    is_raw: bool = False  #: of {% raw %}: whatever is in it is meant so


class Output(NamedTuple):
    """A placeholder or {{ expression }}, which stands at index `at` of the template."""

    expression: str
    at: int


class Tag(NamedTuple):
    """{% name expression %}; the name stands at `tag_at`, the expression at `at`."""

    name: str
    expression: str
    at: int
    tag_at: int


Piece: TypeAlias = Text | Output | Tag


def scan(text: str, *, html: bool) -> list[Piece]:
    """Return the pieces of a template, its blocks balanced. Raises TemplateError."""
    longest = MAX_HTML if html else MAX_PLAIN
    if len(text) > longest:
        raise TemplateError.at(text, longest, f"the text is longer than {longest:,} characters")
    return _Scanner(text).run()


@dataclass(slots=True)
class _Block:
    name: str
    at: int
    has_else: bool = False


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._pos = 0
        self._pieces: list[Piece] = []
        self._open: list[_Block] = []
        self._trim = False  # the blanks that follow are left out: -}} or -%}
        self._marks = 0
        self._code_length = 0

    def run(self) -> list[Piece]:
        while match := _MARK.search(self._text, self._pos):
            self._count(match.start())
            self._literal(match.start(), trim=match.group().endswith("-"))
            self._pos = match.end()
            if match[1]:
                self._pieces.append(Output(field_name(match[1]), match.start(1)))
            elif match.group().startswith("{{"):
                self._output(match.start())
            else:
                self._tag(match.start())
        self._literal(len(self._text), trim=False)
        if self._open:
            block = self._open[-1]
            raise self._error(block.at, f"'{block.name}' has no 'end{block.name}'")
        return self._pieces

    def _error(self, at: int, problem: str) -> TemplateError:
        return TemplateError.at(self._text, at, problem)

    def _count(self, at: int) -> None:
        self._marks += 1
        if self._marks > MAX_MARKS:
            raise self._error(at, f"there are more than {MAX_MARKS} fields and tags")

    def _literal(self, end: int, *, trim: bool, is_raw: bool = False) -> None:
        text = self._text[self._pos : end]
        if self._trim:
            text = text.lstrip()
        if trim:
            text = text.rstrip()
        if text:
            self._pieces.append(Text(text, self._pos, is_raw))
        self._trim = False

    def _output(self, start: int) -> None:
        code, at = self._code(start, "}}")
        if not code:
            raise self._error(start, "there is nothing between '{{' and '}}'")
        self._check(code, at)
        self._pieces.append(Output(code, at))

    def _code(self, start: int, closer: str) -> tuple[str, int]:
        """Take what stands up to `closer`, and where it begins, without blanks around it."""
        begin = self._pos
        end = self._text.find(closer, begin, begin + MAX_CODE + len(closer))
        if end < 0:
            opener = self._text[start : start + 2]
            raise self._error(
                start, f"'{opener}' has no '{closer}' within the next {MAX_CODE} characters"
            )
        self._pos = end + len(closer)
        self._trim = self._text.endswith("-", begin, end)
        code = self._text[begin : end - 1 if self._trim else end]
        self._code_length += len(code)
        if self._code_length > MAX_ALL_CODE:
            raise self._error(
                start, f"all '{{{{ }}}}' and '{{% %}}' hold more than {MAX_ALL_CODE:,} characters"
            )
        return code.strip(), begin + len(code) - len(code.lstrip())

    def _check(self, code: str, at: int) -> None:
        """Refuse what would make reading the expression slow, or its names depend on values."""
        match = _EXPRESSION.match(code)
        good = match.end() if match else 0
        if good == len(code):
            return
        character = code[good]
        problem = {
            "(": "ranges and parentheses are not supported",
            "[": "brackets can only hold a number or a text in quotes",
            '"': "the text in quotes is not closed",
            "'": "the text in quotes is not closed",
        }.get(character, f"'{character}' cannot stand here")
        raise self._error(at + good, problem)

    def _tag(self, start: int) -> None:
        code, at = self._code(start, "%}")
        match = _NAME.match(code)
        name = match.group() if match else ""
        expression = code[len(name) :].lstrip()
        tag = Tag(name, expression, at + len(code) - len(expression), at)
        self._check(expression, tag.at)
        self._check_bare(tag)
        if name == "comment":
            self._skip_comment(tag)
        elif name == "raw":
            self._raw(tag)
        else:
            self._nest(tag)
            self._pieces.append(tag)

    def _check_bare(self, tag: Tag) -> None:
        if tag.name in _BARE and tag.expression:
            hint = " ('elsif' takes a condition)" if tag.name == "else" else ""
            raise self._error(tag.at, f"nothing can follow '{tag.name}'{hint}")
        if tag.name not in _BARE and not tag.expression and tag.name in _KNOWN:
            raise self._error(tag.tag_at, f"something must follow '{tag.name}'")

    def _nest(self, tag: Tag) -> None:
        if tag.name in BLOCKS:
            self._open.append(_Block(tag.name, tag.tag_at))
            if len(self._open) > MAX_DEPTH:
                raise self._error(tag.tag_at, f"blocks are nested more than {MAX_DEPTH} deep")
        elif tag.name in _DIVIDERS:
            self._divide(tag)
        elif tag.name.startswith("end") and tag.name[3:] in BLOCKS:
            self._close(tag)
        elif tag.name in _INSIDE_LOOPS:
            if all(block.name != "for" for block in self._open):
                raise self._error(tag.tag_at, f"'{tag.name}' stands outside any 'for'")
        elif tag.name != "assign":
            known = ", ".join(_KNOWN)
            raise self._error(tag.tag_at, f"there is no tag '{tag.name}'; there are {known}")

    def _divide(self, tag: Tag) -> None:
        block = self._open[-1] if self._open else None
        if block is None or tag.name not in BLOCKS[block.name]:
            raise self._error(tag.tag_at, f"'{tag.name}' does not belong here")
        if block.has_else:
            raise self._error(tag.tag_at, f"'{tag.name}' follows an 'else'")
        block.has_else = tag.name == "else"

    def _close(self, tag: Tag) -> None:
        if not self._open or self._open[-1].name != tag.name[3:]:
            raise self._error(tag.tag_at, f"'{tag.name}' has no '{tag.name[3:]}' to end")
        self._open.pop()

    def _skip_comment(self, tag: Tag) -> None:
        depth = 1
        for match in _COMMENT.finditer(self._text, self._pos):
            depth += -1 if match[1] else 1
            if depth == 0:
                self._pos = match.end()
                self._trim = match.group().endswith("-%}")
                return
        raise self._error(tag.tag_at, "'comment' has no 'endcomment'")

    def _raw(self, tag: Tag) -> None:
        match = _END_RAW.search(self._text, self._pos)
        if match is None:
            raise self._error(tag.tag_at, "'raw' has no 'endraw'")
        self._literal(match.start(), trim=bool(match[1]), is_raw=True)
        self._pos = match.end()
        self._trim = bool(match[2])
