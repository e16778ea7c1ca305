"""The filters of templates: those of Liquid that a message needs and that cannot run away."""

import html
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias
from urllib.parse import quote_plus

from liquid import Markup
from liquid.builtin.filters import math, misc, string
from liquid.exceptions import LiquidError

from functions.domain.templates.errors import TemplateLimitError
from functions.domain.templates.values import check_number, size_of, text_of

Filter: TypeAlias = Callable[..., Any]

MAX_RESULT: Final = 20_000  #: characters of what a filter returns
_DIRECTIVE: Final = re.compile(r"%-?[aAbBdeHIjmMpSyYzZ%]")


def _join(value: object, separator: object = " ") -> object:
    """Join a list's entries; anything else stays as it is."""
    if not isinstance(value, list):
        return value
    between = text_of(separator)
    _check_length(size_of(value) + len(value) * len(between))
    return between.join(text_of(item) for item in value)


def _replace(value: object, wanted: object, substitute: object = "") -> str:
    text, old, new = text_of(value), text_of(wanted), text_of(substitute)
    _check_length(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def _date(value: object, form: object) -> object:
    """Print an ISO 8601 date in its own zone; anything else stays as it is."""
    form = text_of(form)
    if "%" in _DIRECTIVE.sub("", form):
        raise ValueError(f"'{form}' has a directive that 'date' does not know")
    try:
        at = datetime.fromisoformat(text_of(value))
    except ValueError:
        return value
    return at.strftime(form)


def _escape(value: object) -> Markup:
    return Markup(html.escape(text_of(value)))


def _newline_to_br(value: object) -> Markup:
    """Return HTML: the text escaped, with a break for each end of a line."""
    lines = html.escape(text_of(value).replace("\r\n", "\n"))
    return Markup(lines.replace("\n", "<br />\n"))


def _url_encode(value: object) -> str:
    return quote_plus(text_of(value))


FILTERS: Final[Mapping[str, Filter]] = {
    "default": misc.default,
    # text
    "append": string.append,
    "capitalize": string.capitalize,
    "downcase": string.downcase,
    "escape": _escape,
    "lstrip": string.lstrip,
    "newline_to_br": _newline_to_br,
    "prepend": string.prepend,
    "remove": string.remove,
    "remove_first": string.remove_first,
    "replace": _replace,
    "replace_first": string.replace_first,
    "rstrip": string.rstrip,
    "slice": string.slice_,
    "split": string.split,
    "squish": string.squish,
    "strip": string.strip,
    "truncate": string.truncate,
    "truncatewords": string.truncatewords,
    "upcase": string.upcase,
    "url_encode": _url_encode,
    "date": _date,
    # numbers
    "abs": math.abs_,
    "at_least": math.at_least,
    "at_most": math.at_most,
    "ceil": math.ceil,
    "divided_by": math.divided_by,
    "floor": math.floor,
    "minus": math.minus,
    "modulo": math.modulo,
    "plus": math.plus,
    "round": math.round_,
    "times": math.times,
    # lists
    "join": _join,
    "size": misc.size,
}
#: Filters that leave "" as it is: a `default` behind them still stands in for a missing field.
KEEP_BLANK: Final = frozenset(
    {"capitalize", "downcase", "escape", "lstrip", "rstrip", "squish", "strip", "upcase"}
)
#: What a filter raises for a value that it cannot be applied to.
FAILURES: Final = (LiquidError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def cost_of(*values: object) -> int:
    """Return how many steps a filter over these values takes: one, and more for long texts.

    Looking for one text of a thousand characters in another may compare each with each.
    """
    return 1 + sum(size_of(value) for value in values) // 16


def apply(name: str, value: object, args: tuple[object, ...], options: Mapping[str, object]) -> Any:
    """Apply a filter. Raises TemplateLimitError for too large a result, or one of FAILURES.

    Markup counts as text here, so that no filter can undo what was escaped.
    """
    texts = (_unmarked(arg) for arg in args)
    named = {key: _unmarked(option) for key, option in options.items()}
    result = FILTERS[name](_unmarked(value), *texts, **named)
    if isinstance(result, (str, list)):
        _check_length(size_of(result))
    elif isinstance(result, (int, float)):
        check_number(result)
    return result


def _unmarked(value: object) -> object:
    return str.__str__(value) if isinstance(value, Markup) else value


def _check_length(length: int) -> None:
    if length > MAX_RESULT:
        raise TemplateLimitError(f"a filter's result is larger than {MAX_RESULT:,} characters")
