"""Shapes: what is said of a part that is not shaped as its model."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from json import dumps
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from functions.domain.plans import document, parts
from functions.domain.plans.lint.findings import Finding, error

_MOST_SHOWN: Final = 40
_ACTION: Final = "action"
#: What each pattern of a text wants.
_RULES: Final[Mapping[str, str]] = {
    parts.ID_PATTERN: "must be 1 to 64 letters, digits, dots, hyphens and underscores, and begin"
    " with a letter or digit",
    parts.EVENT_PATTERN: "must be 1 to 64 small letters, digits and underscores, and begin with a"
    " letter",
    parts.TIME_PATTERN: "must be a time of day as HH:MM, 00:00 to 23:59",
    parts.DAY_PATTERN: "must be a day as YYYY-MM-DD",
    parts.LANGUAGE_PATTERN: "must be a language such as en or en_US",
    parts.TIMER_PATTERN: "must be the name of no_* or elapsed with _after, such as no_open_after",
}
#: Members that plans of other systems have, or of a later version, and what to write until then.
_NOT_YET: Final[Mapping[str, str]] = {
    "bestHour": "write until with a time, such as {'until': {'time': '10:00'}}",
}
#: Members that other parts have, and where what they say is said.
_ELSEWHERE: Final[Mapping[str, str]] = {
    "after": "steps of a sequence come after one another; in a journey a way leads to the node",
    "interval": "a node has it in its schedule",
    "repeat": "steps of a sequence repeat; in a journey a way leads back to the node",
}
#: How pydantic begins its sentences, and how we do.
_BEGINNINGS: Final = (
    ("Value error, ", ""),
    ("Input should have", "must have"),
    ("Input should be", "must be"),
    ("String should have", "must have"),
    ("List should have", "must have"),
    ("Dictionary should have", "must have"),
)
#: What pydantic says of kinds of mistake for which its own words do not suit JSON.
_OF_KINDS: Final[Mapping[str, str]] = {
    "model_attributes_type": "must be an object",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "list_type": "must be a list",
    "string_type": "must be a text",
    "string_unicode": "must be a text that can be written in UTF-8",
    "timezone_aware": "must say its zone, such as 2027-03-01T10:00:00-05:00 or ...Z",
    "too_short": "must have at least {min_length}",
}


def of_shape(details: ErrorDetails, given: object) -> Finding:
    """Return the finding of a part that is not shaped as it must be."""
    place = _place(details["loc"], given)
    name = str(details["loc"][-1]) if details["loc"] else ""
    kind, code = details["type"], f"shape_{details['type']}"
    if kind == "missing":
        return error(code, place, f"{name} is missing")
    if kind == "union_tag_not_found":
        return error("shape_missing", place, f"{_ACTION} is missing")
    if kind == "union_tag_invalid":
        sentence = f"{_ACTION}: must be one of {_words(details['ctx']['expected_tags'])}"
        return error(code, [*place, _ACTION], f"{sentence}, not {_shown(details['ctx']['tag'])}")
    if kind == "extra_forbidden":
        return _unknown(code, place, name)
    named = f"{_named(place)}: " if place else ""
    return error(code, place, f"{named}{_rule(details)}{_but(details)}")


def _unknown(code: str, place: Sequence[str | int], name: str) -> Finding:
    if name in _NOT_YET:
        return error("not_supported", place, f"{name} is not supported yet", _NOT_YET[name])
    close = get_close_matches(name, _members(), n=1, cutoff=0.75)
    hint = f"did you mean {close[0]}?" if close and close[0] != name else _ELSEWHERE.get(name, "")
    return error(code, place, f"there is no member {_shown(name)} here", hint)


def _members() -> set[str]:
    """Return the names of all members of all parts."""
    models = [each for module in (document, parts) for each in vars(module).values()]
    return {
        field.alias or name
        for model in models
        if isinstance(model, type) and issubclass(model, BaseModel)
        for name, field in model.model_fields.items()
    }


def _named(place: Sequence[str | int]) -> str:
    """Return the member that a place is of, or which one it is of a list."""
    *_, list_, last = ["", *place]
    return f"{list_} {last}" if isinstance(last, int) else last


def _rule(details: ErrorDetails) -> str:
    context = details.get("ctx", {})
    rule = _RULES.get(context.get("pattern", "")) or _OF_KINDS.get(details["type"])
    if rule:
        return rule.format(**context)
    sentence = details["msg"]
    for beginning, ours in _BEGINNINGS:
        sentence = (
            sentence.replace(beginning, ours, 1) if sentence.startswith(beginning) else sentence
        )
    return sentence


def _but(details: ErrorDetails) -> str:
    """Return what stands there instead, where our own rules do not say that themselves."""
    given = details["input"]
    is_ours = details["type"] == "value_error"
    return "" if is_ours or isinstance(given, Mapping | list) else f", not {_shown(given)}"


def _shown(given: object) -> str:
    text = dumps(given) if given is None or isinstance(given, bool) else repr(given)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def _words(tags: str) -> str:
    return tags.replace("'", "")


def _place(loc: Sequence[str | int], given: object) -> list[str | int]:
    """Follow an error's path as far as the document goes.

    The path names the kinds of nodes too, and the keys of maps, which are no members.
    """
    return list(_steps(loc, given))


def _steps(loc: Sequence[str | int], given: object) -> Iterator[str | int]:
    here: Any = given
    for part in loc:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            continue
        yield part
