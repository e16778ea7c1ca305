"""What a send says as parsed templates, and the texts that one recipient gets.

A mail has a subject and perhaps HTML beside its text; a text that the provider keeps has
parameters instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from functions.domain.campaigns.send import Send
from functions.domain.errors import InvalidFieldError
from functions.domain.templates.one_line import one_line
from functions.domain.templates.template import Missing, Template, TemplateError, TemplateLimitError

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
#: UTF-8 bytes that one message may say in all: a store holds a megabyte in a document.
MOST_BYTES: Final = 300_000
#: What stands for a message's own fields, and for what may grow as its texts are filled in.
_OVERHEAD: Final = 1_000
#: Bytes of messages that are written together: a store takes ten megabytes in a commit.
_WRITTEN: Final = 6_000_000
#: Bytes of messages that are read together: they lie in memory, for each lane that works here.
_READ: Final = 48_000_000


class InvalidTemplateError(InvalidFieldError):
    """A template's text has a mistake, at a line and a column that count from 1."""

    def __init__(self, field: str, error: TemplateError) -> None:
        super().__init__(field, f"{field}: {error}", code="INVALID_TEMPLATE")
        place = {"line": error.line, "column": error.column}
        self.errors = ({"field": field, "rule": "template", "message": error.problem, **place},)


class Texts(NamedTuple):
    """What is said: as templates by a send, filled in by a message."""

    body: str = ""
    subject: str = ""
    html: str = ""
    parameters: Sequence[str] = ()

    @property
    def stored(self) -> dict[str, Any]:
        """The parts that there are, as a message's fields."""
        fields = {**self._asdict(), "parameters": list(self.parameters)}
        return {name: value for name, value in fields.items() if value}

    @property
    def bytes(self) -> int:
        """How much it is, in UTF-8."""
        parts = (self.body, self.subject, self.html, *self.parameters)
        return sum(len(part) if part.isascii() else len(part.encode()) for part in parts)


def texts_of(send: Send) -> Texts:
    """Return what a send says, before it is filled in."""
    content = send.content
    return Texts(content.template, content.subject, content.html, content.parameters)


def written_at_once(texts: Texts, most: int) -> int:
    """Return how many messages with such texts go into one commit, `most` at most."""
    return _at_once(texts, most, _WRITTEN)


def read_at_once(texts: Texts, most: int) -> int:
    """Return how many messages with such texts are read in one query, `most` at most."""
    return _at_once(texts, most, _READ)


def _at_once(texts: Texts, most: int, room: int) -> int:
    return max(1, min(most, room // (_OVERHEAD + 2 * texts.bytes)))


@dataclass(frozen=True, slots=True)
class ParsedContent:
    """What a send says, parsed and checked; made by `parse`."""

    body: Template
    subject: Template
    html: Template
    parameters: tuple[Template, ...]

    @staticmethod
    def parse(texts: Texts, *, body: str = "base_template", prefix: str = "") -> "ParsedContent":
        """Read every part. Raises InvalidTemplateError, which names the field and the place.

        `body` is what the caller calls the text, and `prefix` stands before every field's name.
        """
        return ParsedContent(
            parse_text(texts.body, field=f"{prefix}{body}"),
            parse_text(texts.subject, field=f"{prefix}subject"),
            parse_text(texts.html, field=f"{prefix}html", html=True),
            tuple(
                parse_text(text, field=f"{prefix}parameters.{number}")
                for number, text in enumerate(texts.parameters)
            ),
        )

    def parts(self, *, body: str = "base_template", prefix: str = "") -> dict[str, Template]:
        """Return every part by its field, named as `parse` names it."""
        fixed = {body: self.body, "subject": self.subject, "html": self.html}
        numbered = {f"parameters.{number}": each for number, each in enumerate(self.parameters)}
        return {f"{prefix}{name}": part for name, part in {**fixed, **numbered}.items()}

    def missing(
        self, values: Mapping[str, Any], *, defaults: Mapping[str, str] = _NOTHING
    ) -> list[str]:
        """Return, in order, the fields that any part needs and neither side has."""
        parts = (self.body, self.subject, self.html, *self.parameters)
        return sorted({name for part in parts for name in part.missing(values, defaults=defaults)})

    def render(
        self,
        values: Mapping[str, Any],
        *,
        missing: Missing = Missing.BLANK,
        defaults: Mapping[str, str] = _NOTHING,
    ) -> Texts:
        """Fill in every part for one person; values in the HTML are escaped.

        Subject and parameters stay one line, whatever the values hold: a second one would be
        another header of the mail. Raises MissingFieldError and TemplateLimitError.
        """

        def filled(part: Template) -> str:
            return part.render(values, missing=missing, defaults=defaults)

        parameters = tuple(one_line(filled(part)) for part in self.parameters)
        texts = Texts(
            filled(self.body), one_line(filled(self.subject)), filled(self.html), parameters
        )
        if texts.bytes > MOST_BYTES:
            raise TemplateLimitError(f"it says more than {MOST_BYTES:,} bytes to one person")
        return texts


def parse_text(text: str, *, field: str, html: bool = False) -> Template:
    """Read a template. Raises InvalidTemplateError, which tells where the mistake is."""
    try:
        return Template.parse(text, html=html)
    except TemplateError as error:
        raise InvalidTemplateError(field, error) from None
