"""What a parsed template uses and needs of a person, and what must not stand in it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TextIO, cast

from liquid import Node, RenderContext, Token
from liquid.ast import BlockNode, ConditionalBlockNode
from liquid.builtin.expressions import FilteredExpression, LoopExpression, Path
from liquid.builtin.expressions.filtered import Filter
from liquid.builtin.expressions.logical import (
    GeExpression,
    GtExpression,
    LeExpression,
    LtExpression,
)
from liquid.builtin.expressions.primitive import FloatLiteral, IntegerLiteral, Literal
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.case_tag import MultiExpressionBlockNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.exceptions import LiquidError, LiquidTypeError
from liquid.expression import Expression

from functions.domain.templates.errors import TemplateError, TemplateLimitError
from functions.domain.templates.filters import FAILURES, FILTERS, KEEP_BLANK, apply
from functions.domain.templates.liquid import Context

#: Stands in for a field's value where a filter is tried out.
_SAMPLE = "1"


class Usage(NamedTuple):
    """What a template takes from a person."""

    names: frozenset[str]  #: everything that it looks up, its own variables included
    fields: frozenset[str]  #: what it looks up before it has set a variable of that name
    needs: frozenset[frozenset[str]]  #: of each set, one field must have a value


def check(text: str, nodes: Sequence[Node]) -> Usage:
    """Check the nodes, and prepare them to be charged for. Raises TemplateError."""
    walk = _Walk(text)
    for node in nodes:
        walk.visit(node, _Scope())
    return Usage(frozenset(walk.names), frozenset(walk.fields), frozenset(walk.needs))


class _Scope(NamedTuple):
    """What is known where a node stands."""

    variables: frozenset[str] = frozenset()  #: of the loops around it
    tested: frozenset[str] = frozenset()  #: names that a condition around it asks for


class _Toll(Node):
    """Stands first in a block and charges for all that stands in it."""

    __slots__ = ("_steps",)

    def __init__(self, token: Token, steps: int) -> None:
        super().__init__(token)
        self._steps = steps

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:  # noqa: ARG002 (inherited)
        cast("Context", context).charge(self._steps)
        return 0


class _Condition(Expression):
    """A condition that is false where its values cannot be compared, instead of an error."""

    __slots__ = ("_inner",)

    def __init__(self, inner: Expression) -> None:
        super().__init__(inner.token)
        self._inner = inner

    def evaluate(self, context: RenderContext) -> object:
        try:
            return self._inner.evaluate(context)
        except (LiquidTypeError, TypeError):  # a number with a text; a map in a map
            return False

    def children(self) -> Iterable[Expression]:
        return [self._inner]


class _Number(Expression):
    """A value that is compared with a number: imported fields are texts, "20" as well."""

    __slots__ = ("_inner",)

    def __init__(self, inner: Expression) -> None:
        super().__init__(inner.token)
        self._inner = inner

    def evaluate(self, context: RenderContext) -> object:
        value = self._inner.evaluate(context)
        try:
            return float(value) if isinstance(value, str) else value
        except ValueError:
            return value

    def children(self) -> Iterable[Expression]:
        return [self._inner]


class _Walk:
    """Visits nodes in the order of their text, which is the order in which variables are set."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._assigned: set[str] = set()
        self.names: set[str] = set()
        self.fields: set[str] = set()
        self.needs: set[frozenset[str]] = set()

    def visit(self, node: Node, scope: _Scope) -> int:
        """Read a node and all below it; return what it costs, the blocks below it aside."""
        cost = 1
        for expression in node.expressions():
            cost += _weight(expression)
            self._read(expression, scope)
            if isinstance(expression, FilteredExpression):  # of {{ }} and of `assign`
                self._need(expression, scope)
        _make_lenient(node)
        inner = _inner_scope(node, scope)
        for child in _children(node):
            if isinstance(child, BlockNode):
                self._block(child, inner)
            else:
                cost += self.visit(child, inner)
        self._assigned.update(node.template_scope())
        return cost

    def _block(self, block: BlockNode, scope: _Scope) -> None:
        cost = 1 + sum(self.visit(node, scope) for node in block.nodes)
        block.nodes.insert(0, _Toll(block.token, cost))

    def _read(self, expression: Expression, scope: _Scope) -> None:
        for name in _roots(expression):
            self.names.add(name)
            if self._is_field(name, scope):
                self.fields.add(name)
        if isinstance(expression, FilteredExpression):
            for filter_ in expression.filters or ():
                self._try_out(filter_)
        elif isinstance(expression, LoopExpression):
            self._check_loop(expression)

    def _is_field(self, name: str, scope: _Scope) -> bool:
        return name not in self._assigned and name not in scope.variables

    def _need(self, expression: FilteredExpression, scope: _Scope) -> None:
        """Note the fields that something printed depends on, unless `default` stands in."""
        either: set[str] | None = _root(expression.left)
        keeps_blank = True
        for filter_ in expression.filters or ():
            arguments = [_root(argument) for argument in filter_.children()]
            if filter_.name == "default" and keeps_blank and either:
                stand_in = arguments[0] if arguments else set()
                either = either | stand_in if stand_in else None
            else:
                keeps_blank = keeps_blank and filter_.name in KEEP_BLANK
                for names in arguments:
                    self._add_need(names, scope)
        self._add_need(either, scope)

    def _add_need(self, either: set[str] | None, scope: _Scope) -> None:
        if either and all(self._is_field(n, scope) and n not in scope.tested for n in either):
            self.needs.add(frozenset(either))

    def _try_out(self, filter_: Filter) -> None:
        """Apply a filter to a sample: its name and arguments are checked before anybody's turn."""
        if filter_.name not in FILTERS:
            known = ", ".join(FILTERS)
            raise self._error(
                filter_.token, f"there is no filter '{filter_.name}'; there are {known}"
            )
        positional = [_sample(arg.value) for arg in filter_.args if not hasattr(arg, "name")]
        named = {arg.name: _sample(arg.value) for arg in filter_.args if hasattr(arg, "name")}
        try:
            apply(filter_.name, _SAMPLE, tuple(positional), named)
        except (*FAILURES, TemplateLimitError) as error:
            raise self._error(
                filter_.token, f"'{filter_.name}' cannot be applied like this: {_reason(error)}"
            ) from None

    def _check_loop(self, loop: LoopExpression) -> None:
        # python-liquid takes any other limit and offset at its word, and fails in the middle.
        for part in (loop.limit, loop.offset):
            if part is not None and not (isinstance(part, IntegerLiteral) and part.value > 0):
                raise self._error(part.token, "'limit' and 'offset' take a number above 0")
        if loop.cols is not None:
            raise self._error(loop.cols.token, "'for' takes 'limit', 'offset' and 'reversed'")

    def _error(self, token: Token, problem: str) -> TemplateError:
        return TemplateError.at(self._text, token.start_index, problem)


def _reason(error: Exception) -> str:
    if isinstance(error, TemplateLimitError):
        return error.problem
    return str(error.message if isinstance(error, LiquidError) else error)


def _children(node: Node) -> Iterable[Node]:
    # The context is for templates that load others; ours cannot.
    return node.children(None)  # type: ignore[arg-type]


def _roots(expression: Expression) -> Iterator[str]:
    yield from _root(expression)
    for child in expression.children():
        yield from _roots(child)


def _root(expression: Expression) -> set[str]:
    """Return the name that a path begins with; none for anything that is no path."""
    return {str(expression.head())} if isinstance(expression, Path) else set()


def _weight(expression: Expression) -> int:
    return 1 + sum(_weight(child) for child in expression.children())


def _sample(expression: Expression) -> object:
    return expression.value if isinstance(expression, Literal) else _SAMPLE


def _make_lenient(node: Node) -> None:
    if isinstance(node, IfNode | UnlessNode):
        node.condition = _lenient(node.condition)
    elif isinstance(node, ConditionalBlockNode):
        node.expression = _lenient(node.expression)


def _lenient(condition: Expression) -> _Condition:
    _compare_as_numbers(condition)
    return _Condition(condition)


def _compare_as_numbers(expression: Expression) -> None:
    for child in expression.children():
        _compare_as_numbers(child)
    if isinstance(expression, LtExpression | LeExpression | GtExpression | GeExpression):
        if isinstance(expression.right, IntegerLiteral | FloatLiteral):
            expression.left = _Number(expression.left)
        elif isinstance(expression.left, IntegerLiteral | FloatLiteral):
            expression.right = _Number(expression.right)


def _inner_scope(node: Node, scope: _Scope) -> _Scope:
    """Return what is known inside a node: whoever asks for a field minds that it may be missing."""
    asked = [*node.expressions()] if not isinstance(node, OutputNode | AssignNode) else []
    for child in _children(node):
        if isinstance(child, ConditionalBlockNode | MultiExpressionBlockNode):
            asked += child.expressions()
    tested = {name for expression in asked for name in _roots(expression)}
    return _Scope(scope.variables.union(node.block_scope()), scope.tested | tested)
