"""Segments: conditions on a contact's fields, attributes and history (read in parser.py).

A condition is JSON: {"all": [..]}, {"any": [..]} or {"not": {..}} of other conditions;
{"field": "location", "op": "eq", "value": "Nairobi"}, where an attribute is "attributes.plan"; or
{"campaign": "<id>", "status": "delivered"}, a list of statuses, or "none": got no message.

All comparisons are of text, case and all: `eq` 5 is the text "5". `lt`, `lte`, `gt` and `gte`
compare as numbers where both sides are numbers, and hold for nobody who has no value. Instants
are compared as instants, and phone numbers are equal whichever way they are spelt.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, TypeAlias, assert_never

from functions.domain.contacts.contact import ATTRIBUTE, Contact
from functions.domain.contacts.number_spellings import one_spelling
from functions.domain.templates.fields import TEMPLATE_FIELDS

NO_MESSAGE: Final = "none"

ATTRIBUTES: Final = "attributes."
PHONE: Final = "phone"
_PLACES: Final = ("zone", "region")
TIMES: Final = ("created_at", "updated_at")
FIELDS: Final = (*TEMPLATE_FIELDS, *_PLACES, *TIMES)

#: Own fields that a query can find people by: those that every store has an index of.
_INDEXED: Final = frozenset({*TEMPLATE_FIELDS, *_PLACES} - {PHONE})
#: Attributes of other names are compared in memory: SQLite's columns do not tell cases apart.
_INDEXED_ATTRIBUTE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")


class Op(StrEnum):
    """How a field is compared."""

    EQ = "eq"
    NE = "ne"  #: also holds for those who have no value
    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"
    IN = "in"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    EXISTS = "exists"


_ORDERED: Final[Mapping[Op, Callable[[Any, Any], bool]]] = {
    Op.LT: operator.lt,
    Op.LTE: operator.le,
    Op.GT: operator.gt,
    Op.GTE: operator.ge,
}


@dataclass(frozen=True, slots=True)
class All:
    """Every one of these holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of these holds: "any"."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """This does not hold."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field compares so to a value, or (`in`) to one of several."""

    field: str
    op: Op
    values: tuple[str, ...]  #: of `exists`: "yes" or ""; phone numbers in their one spelling


@dataclass(frozen=True, slots=True)
class History:
    """The message that a campaign has for the person has one of these statuses."""

    campaign: str
    statuses: frozenset[str]


Condition: TypeAlias = All | Some | Not | Comparison | History

Statuses: TypeAlias = Mapping[str, str]
"""By campaign, the status of its message to one person; NO_MESSAGE where there is none."""


def matches(condition: Condition, contact: Contact, statuses: Statuses) -> bool:
    """Tell whether a condition holds for a contact."""
    return bool(decide(condition, contact, statuses))


def decide(condition: Condition, contact: Contact, statuses: Statuses | None) -> bool | None:
    """Tell whether a condition holds; None where that hangs on `statuses`, which are not known."""
    match condition:
        case All(parts):
            return _settle((decide(part, contact, statuses) for part in parts), by=False)
        case Some(parts):
            return _settle((decide(part, contact, statuses) for part in parts), by=True)
        case Not(part):
            inner = decide(part, contact, statuses)
            return None if inner is None else not inner
        case Comparison():
            return _compares(condition, contact)
        case History(campaign, wanted):
            return None if statuses is None else statuses[campaign] in wanted
        case _:
            assert_never(condition)


def _settle(verdicts: Iterable[bool | None], *, by: bool) -> bool | None:
    """Return `by` if one verdict is that, else None if one is unknown, else the opposite."""
    unknown = False
    for verdict in verdicts:
        if verdict is by:
            return by
        unknown = unknown or verdict is None
    return None if unknown else not by


def _compares(comparison: Comparison, contact: Contact) -> bool:
    value = _value(contact, comparison.field)
    match comparison.op:
        case Op.EQ | Op.IN:
            return _same(comparison.field, value) in comparison.values
        case Op.NE:
            return _same(comparison.field, value) not in comparison.values
        case Op.CONTAINS:
            return comparison.values[0] in value
        case Op.STARTS_WITH:
            return value.startswith(comparison.values[0])
        case Op.EXISTS:
            return bool(value) == bool(comparison.values[0])
        case _:
            return bool(value) and _ORDERED[comparison.op](*_alike(value, comparison.values[0]))


def _same(field: str, value: str) -> str:
    """Return a value as what is equal to it: a phone number may have several spellings."""
    return one_spelling(value) if field == PHONE else value


def _value(contact: Contact, field: str) -> str:
    if field.startswith(ATTRIBUTES):
        return contact.attributes.get(field.removeprefix(ATTRIBUTES), "")
    value = getattr(contact, field)
    return sortable(value) if isinstance(value, datetime) else str(value)


def sortable(at: datetime) -> str:
    """Return an instant as text that sorts as instants do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _alike(left: str, right: str) -> tuple[Any, Any]:
    """Return two texts as what they are compared as: both as numbers, or both as they are."""
    numbers = _number(left), _number(right)
    return (left, right) if None in numbers else numbers


@lru_cache(maxsize=4096)
def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def leading_equality(condition: Condition) -> tuple[str, str] | None:
    """Return a stored field and its value that everybody has whom the condition holds for.

    A query by it finds them all, and others, who are left out by `matches`. None where no single
    equality must hold, or none is of a field that is indexed.
    """
    match condition:
        case Comparison():
            return _indexed_equality(condition)
        case All(parts):
            return next(filter(None, map(leading_equality, parts)), None)
        case _:
            return None


def equalities(condition: Condition) -> tuple[tuple[str, str], ...] | None:
    """Return the stored fields and values that say it all; None where a query cannot say it."""
    match condition:
        case Comparison():
            found = _indexed_equality(condition)
            return None if found is None else (found,)
        case All(parts):
            each = [equalities(part) for part in parts]
            whole = [found for found in each if found is not None]
            return sum(whole, ()) if len(whole) == len(each) else None
        case _:
            return None


def _indexed_equality(comparison: Comparison) -> tuple[str, str] | None:
    value, *others = comparison.values
    # Who lacks an attribute has no such field: no query for "" finds them.
    if comparison.op not in {Op.EQ, Op.IN} or others or not value:
        return None
    name = comparison.field.removeprefix(ATTRIBUTES)
    if name != comparison.field:
        return (f"{ATTRIBUTE}{name}", value) if _INDEXED_ATTRIBUTE.fullmatch(name) else None
    return (name, value) if name in _INDEXED else None


#: Whoever asks for one of these asks whether somebody is there.
_IDENTIFYING: Final = frozenset({PHONE, "email", "first_name", "last_name"})


def asks_who(condition: Condition) -> bool:
    """Tell whether a condition can ask for one person: by name, number or address."""
    match condition:
        case All(parts) | Some(parts):
            return any(map(asks_who, parts))
        case Not(part):
            return asks_who(part)
        case Comparison(field):
            return field in _IDENTIFYING
        case _:
            return False


def campaigns(condition: Condition) -> frozenset[str]:
    """Return the campaigns whose messages the condition asks about."""
    match condition:
        case All(parts) | Some(parts):
            return frozenset[str]().union(*map(campaigns, parts))
        case Not(part):
            return campaigns(part)
        case History(campaign):
            return frozenset({campaign})
        case _:
            return frozenset()
