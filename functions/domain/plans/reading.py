"""Reading: how the JSON of a journey or a sequence becomes a plan, and what is found in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from functions.domain.kinds import ChannelKind
from functions.domain.plans.document import MAX_NODES, Document, PlanDocument, SequenceDocument
from functions.domain.plans.lint.basis import Basis
from functions.domain.plans.lint.findings import Finding, Level, error
from functions.domain.plans.lint.linter import lint
from functions.domain.plans.lint.shapes import of_shape
from functions.domain.plans.plan import Plan
from functions.domain.sending_rules.windows import Window

#: Bytes of a plan's JSON, in UTF-8 and without blanks between its members.
MAX_BYTES: Final = 500_000
#: How deep objects and lists may lie in one another; those of plans lie nine deep.
MAX_DEPTH: Final = 16

_KINDS: Final[Mapping[str, type[Document]]] = {"nodes": PlanDocument, "steps": SequenceDocument}


class Read(NamedTuple):
    """A plan that was read, and what was found in it."""

    plan: Plan | None  #: None where one of the findings is an error
    findings: list[Finding]


def read_plan(
    given: object,
    *,
    now: datetime,
    windows: Sequence[Window] = (),
    allow_private: bool = False,
    untold: Mapping[ChannelKind, frozenset[str]] = {},
) -> Read:
    """Read a plan from JSON's values: a journey by its nodes, a sequence by its steps.

    A member that is null is taken as absent. `windows` are those within which its campaign sends
    besides, `allow_private` permits URLs of our own network, and `untold` are the events that the
    provider of a channel does not tell. What is too large or lies too deep is refused before it is
    read in full.
    """
    excess = _excess(given)
    if excess is not None:
        return Read(None, [excess])
    whole = _without_nulls(given)
    kinds = [kind for member, kind in _KINDS.items() if member in whole]
    if len(kinds) != 1:
        sentence = "a plan has nodes, if it is a journey, or steps, if it is a sequence"
        return Read(None, [error("no_kind", (), f"{sentence}: one of both")])
    try:
        document = kinds[0].model_validate(whole)
    except ValidationError as invalid:
        return Read(None, [of_shape(each, whole) for each in invalid.errors(include_url=False)])
    found = lint(document, Basis(now, windows, allow_private, untold))
    is_right = all(each.level is not Level.ERROR for each in found)
    return Read(Plan(document) if is_right else None, found)


def stored_plan(data: Mapping[str, Any]) -> Plan:
    """Rebuild a plan from JSON's values that read_plan has taken once. Raises ValidationError."""
    whole = _without_nulls(data)
    kind = next(kind for member, kind in _KINDS.items() if member in whole)
    return Plan(kind.model_validate(whole))


def _excess(given: object) -> Finding | None:
    """Return what is too much of it; what comes behind that is not looked at."""
    if not isinstance(given, Mapping):
        sentence = "a plan is an object, such as {'startNodeId': ..., 'nodes': [...]}"
        return error("no_object", (), sentence)
    for member in _KINDS:
        listed = given.get(member)
        if isinstance(listed, list) and len(listed) > MAX_NODES:
            sentence = f"there are {len(listed):,} {member}: a plan has {MAX_NODES} at most"
            return error("too_many", (member,), sentence)
    size, ahead = 0, [(given, 1)]
    while ahead:
        value, depth = ahead.pop()
        size += _bytes(value)
        if size > MAX_BYTES:
            return error("too_large", (), f"a plan has {MAX_BYTES:,} bytes at most")
        if isinstance(value, Mapping | list) and depth > MAX_DEPTH:
            sentence = f"objects and lists lie {MAX_DEPTH} deep in a plan at most"
            return error("too_deep", (), sentence)
        ahead += [(part, depth + 1) for part in _parts(value)]
    return None


def _bytes(value: object) -> int:
    """Return how many bytes a value takes as JSON, without what lies in it."""
    match value:
        case str():
            return len(value) + 3 if value.isascii() else len(value.encode(errors="replace")) + 3
        case Mapping() | list():
            return 2 + 2 * len(value)
        case _:
            return 5


def _parts(value: object) -> list[Any]:
    match value:
        case Mapping():
            return [*value.keys(), *value.values()]
        case list():
            return value
        case _:
            return []


def _without_nulls(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _without_nulls(part) for key, part in value.items() if part is not None}
        case list():
            return [_without_nulls(part) for part in value]
        case _:
            return value
