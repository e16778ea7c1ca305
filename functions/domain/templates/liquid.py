"""Templates with more than plain fields, carried out by python-liquid under a budget of steps.

python-liquid's own limits leak: loops behind one another are not added up, `reversed` and
`offset` walk a range before it is measured, a filter builds any text before it is counted. So
every block, look-up, filter and output is charged here, each by the size of what it handles.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from io import StringIO
from typing import Any, Final, TextIO

from liquid import BoundTemplate, Environment, Markup, Node, RenderContext, Token, TokenStream
from liquid.builtin import content, illegal
from liquid.builtin.output import Output as OutputTag
from liquid.builtin.output import OutputNode
from liquid.builtin.tags import assign_tag, capture_tag, case_tag, for_tag, if_tag, unless_tag
from liquid.builtin.tags.for_tag import ForLoop
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.filter import with_context
from liquid.parser import get_parser
from liquid.token import TOKEN_CONTENT, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG
from liquid.undefined import UNDEFINED
from liquid.utils import ReadOnlyChainMap

from functions.domain.templates.errors import TemplateError, TemplateLimitError
from functions.domain.templates.fields import LINK_MARKS, field_name
from functions.domain.templates.filters import FAILURES, FILTERS, apply, cost_of
from functions.domain.templates.scanner import Output, Piece, Tag, Text
from functions.domain.templates.values import check_output, plain, size_of, text_of

MAX_STEPS: Final = 5_000  #: some microseconds each

_WORDS: Final = {
    "a primitive expression": "a field or a value",
    "eof": "the end",
    "word": "a name",
}


class Context(RenderContext):
    """One rendering: the fields, the variables, and the budget."""

    __slots__ = ("_printed", "_steps")

    def __init__(self, template: BoundTemplate, values: Mapping[str, object]) -> None:
        super().__init__(template, globals=values)
        # Without python-liquid's `now` and `today`: a template reads no clock.
        self.scope = ReadOnlyChainMap(self.locals, self.globals)
        self._steps = MAX_STEPS
        self._printed = 0

    def charge(self, steps: int) -> None:
        """Take so many steps of the budget. Raises TemplateLimitError."""
        self._steps -= steps
        if self._steps < 0:
            raise TemplateLimitError(f"it takes more than {MAX_STEPS:,} steps")

    def count_output(self, length: int) -> None:
        """Add to what has been printed. Raises TemplateLimitError."""
        self._printed += length
        check_output(self._printed)

    def get(
        self, path: list[object], *, token: Token | None, default: object = UNDEFINED
    ) -> object:
        """Look a value up. Data only: `forloop` itself, which iterates, is nothing."""
        value = super().get(path, token=token, default=default)
        size = size_of(value)
        # A condition may look for one long text in another, which takes up to the square.
        self.charge(1 + (size * size >> 16 if isinstance(value, str) else size // 16))
        return None if isinstance(value, ForLoop) else value

    def get_buffer(self, buf: TextIO | None = None) -> StringIO:  # noqa: ARG002 (inherited)
        """Return a buffer that shares the output's limit with all others."""
        return _Buffer(self)


class _Buffer(StringIO):
    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context

    def write(self, text: str) -> int:
        self._context.count_output(len(text))
        return super().write(text)


class _OutputNode(OutputNode):
    """Prints a value: no Python spelling of anything, and escaped in HTML."""

    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        text = text_of(self.expression.evaluate(context))
        is_done = not context.autoescape or isinstance(text, Markup)
        return buffer.write(text if is_done else html.escape(text))


class _OutputTag(OutputTag):
    node_class = _OutputNode


class _CaseTag(case_tag.CaseTag):
    """Refuses what python-liquid drops silently behind a `when`."""

    def _parse_when_expression(self, stream: TokenStream) -> list[Expression]:
        expressions = super()._parse_when_expression(stream)
        stream.expect_eos()
        return expressions


class _Environment(Environment):
    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002 (inherited)
        for tag in (
            content.Literal,
            illegal.Illegal,
            _OutputTag,
            if_tag.IfTag,
            unless_tag.UnlessTag,
            _CaseTag,
            for_tag.ForTag,
            for_tag.BreakTag,
            for_tag.ContinueTag,
            assign_tag.AssignTag,
            capture_tag.CaptureTag,
        ):
            self.add_tag(tag)
        for name in FILTERS:
            self.add_filter(name, with_context(partial(_filtered, name)))


def _filtered(
    name: str, value: object, *args: object, context: Context, **options: object
) -> object:
    """Apply a filter within the budget; where it cannot be applied to the value, it is nothing."""
    context.charge(cost_of(value, *args))
    try:
        return apply(name, value, args, options)
    except FAILURES:
        return None


_PLAIN: Final = _Environment()
_HTML: Final = _Environment(autoescape=True)


class Program:
    """A parsed template, ready to be rendered any number of times."""

    def __init__(self, nodes: Sequence[Node], names: frozenset[str], *, is_html: bool) -> None:
        self._nodes = nodes
        self._names = names
        self._bound = BoundTemplate(_HTML if is_html else _PLAIN, list(nodes))

    def render(self, values: Mapping[str, Any]) -> str:
        """Print the template for one person. Raises TemplateLimitError."""
        fields = {name: field_name(name) for name in self._names}
        seen = {name: plain(values[own]) for name, own in fields.items() if own in values}
        seen |= {name: LINK_MARKS[name] for name in self._names if name in LINK_MARKS}
        context = Context(self._bound, seen)
        buffer = context.get_buffer()
        for node in self._nodes:
            node.render(context, buffer)
        return buffer.getvalue()


def parse(text: str, pieces: Sequence[Piece], *, is_html: bool) -> list[Node]:
    """Parse the pieces of a template into python-liquid's nodes. Raises TemplateError."""
    stream = TokenStream(_tokens(text, pieces))
    try:
        return get_parser(_HTML if is_html else _PLAIN).parse(stream)
    except LiquidError as error:
        raise TemplateError.at(text, _position(error, stream), _problem(error)) from None


def _tokens(text: str, pieces: Sequence[Piece]) -> Iterator[Token]:
    for piece in pieces:
        match piece:
            case Text(literal, at, _):
                yield Token(TOKEN_CONTENT, literal, at, text)
            case Output(expression, at):
                yield Token(TOKEN_OUTPUT, expression, at, text)
                yield Token(TOKEN_EXPRESSION, expression, at, text)
            case Tag(name, expression, at, tag_at):
                yield Token(TOKEN_TAG, name, tag_at, text)
                if expression:
                    yield Token(TOKEN_EXPRESSION, expression, at, text)


def _position(error: LiquidError, stream: TokenStream) -> int:
    """Return where the mistake is; one at the end of an expression has no place of its own."""
    if error.token and error.token.start_index >= 0:
        return error.token.start_index
    # The expression being read is the stream's current token, or the one just taken from it.
    candidates = (stream.current, stream.tokens[max(stream.pos - 1, 0)])
    place = next((token for token in candidates if token.kind == TOKEN_EXPRESSION), candidates[1])
    return place.start_index + len(place.value)


def _problem(error: LiquidError) -> str:
    """Return python-liquid's sentence in the words of somebody who writes messages."""
    pattern = r"\b(" + "|".join(_WORDS) + r")\b"
    return re.sub(pattern, lambda match: _WORDS[match[1]], str(error.message))
