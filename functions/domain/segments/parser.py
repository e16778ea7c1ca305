"""Reading a segment's conditions as people write them, within bounds and with clear errors."""

import math
import re
from collections.abc import Mapping
from typing import Final

from functions.domain.contacts.number_spellings import one_spelling
from functions.domain.contacts.phones import InvalidPhoneError, parse_phone
from functions.domain.errors import InvalidFieldError
from functions.domain.messages.message import MessageStatus
from functions.domain.segments.conditions import (
    ATTRIBUTES,
    FIELDS,
    NO_MESSAGE,
    PHONE,
    TIMES,
    All,
    Comparison,
    Condition,
    History,
    Not,
    Op,
    Some,
    campaigns,
    sortable,
)
from functions.domain.times import instant_from

MAX_DEPTH: Final = 6
MAX_CONDITIONS: Final = 100
MAX_VALUES: Final = 100
#: Each makes a further document to be read for a contact.
MAX_CAMPAIGNS: Final = 5
#: Its bytes fit into an index entry of Firestore, which holds 1500.
MAX_TEXT: Final = 300
#: Whole numbers beyond it no store can keep.
MAX_NUMBER: Final = 2**63 - 1

_CAMPAIGN: Final = re.compile(r"(?!__.*__$)[A-Za-z0-9_-]{1,64}")
_INSIDE: Final = frozenset({Op.CONTAINS, Op.STARTS_WITH})
_EQUALITIES: Final = frozenset({Op.EQ, Op.NE, Op.IN})
_STATUSES: Final = (*MessageStatus, NO_MESSAGE)
#: The members of each kind of condition, by the one that tells the kind.
_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "all": ("all",),
    "any": ("any",),
    "not": ("not",),
    "field": ("field", "op", "value"),
    "campaign": ("campaign", "status"),
}


def parse(given: object, *, at: str = "conditions") -> Condition:
    """Read a condition. Raises InvalidFieldError, whose field is the path of the mistake."""
    condition = _Parser().condition(given, at, 1)
    if len(campaigns(condition)) > MAX_CAMPAIGNS:
        raise _wrong(at, f"may name at most {MAX_CAMPAIGNS} campaigns")
    return condition


def _wrong(at: str, rule: str) -> InvalidFieldError:
    return InvalidFieldError(at, f"{at}: {rule}")


class _Parser:
    """Reads one condition and counts its parts."""

    def __init__(self) -> None:
        self._seen = 0

    def condition(self, given: object, at: str, depth: int) -> Condition:
        self._seen += 1
        if depth > MAX_DEPTH:
            raise _wrong(at, f"is nested more than {MAX_DEPTH} deep")
        if self._seen > MAX_CONDITIONS:
            raise _wrong(at, f"there are more than {MAX_CONDITIONS} conditions")
        members = _members(given, at)
        match _kind(members, at):
            case "all":
                return All(self._parts(members["all"], f"{at}.all", depth))
            case "any":
                return Some(self._parts(members["any"], f"{at}.any", depth))
            case "not":
                return Not(self.condition(members["not"], f"{at}.not", depth + 1))
            case "field":
                return _comparison(members, at)
            case _:
                return _history(members, at)

    def _parts(self, given: object, at: str, depth: int) -> tuple[Condition, ...]:
        if not isinstance(given, list) or not given:
            raise _wrong(at, "must be a list of one condition or more")
        return tuple(
            self.condition(part, f"{at}[{number}]", depth + 1) for number, part in enumerate(given)
        )


def _members(given: object, at: str) -> Mapping[str, object]:
    if not isinstance(given, Mapping):
        raise _wrong(at, f"must be an object with one of {', '.join(_MEMBERS)}")
    return given


def _kind(members: Mapping[str, object], at: str) -> str:
    kinds = [kind for kind in _MEMBERS if kind in members]
    if len(kinds) != 1:
        raise _wrong(at, f"must have exactly one of {', '.join(_MEMBERS)}")
    kind = kinds[0]
    for name in members:
        if name not in _MEMBERS[kind]:
            shown = name[:40].encode("ascii", "replace").decode()  # as an answer can quote it
            raise _wrong(f"{at}.{shown}", f"is not known beside {kind}")
    return kind


def _comparison(members: Mapping[str, object], at: str) -> Comparison:
    field = _field(members["field"], f"{at}.field")
    op = _op(members.get("op"), f"{at}.op")
    if field in TIMES and op in _INSIDE:
        raise _wrong(f"{at}.op", f"{op} is not for {field}, which is an instant")
    values = _values(field, op, members.get("value"), f"{at}.value")
    if field == PHONE and op in _EQUALITIES:
        values = tuple(map(_number, values))
    return Comparison(field, op, values)


def _number(text: str) -> str:
    """Return a phone number in its one spelling; what is none is equal to nobody's."""
    try:
        return one_spelling(parse_phone(text).e164)
    except InvalidPhoneError:
        return text


def _field(given: object, at: str) -> str:
    if given in FIELDS:
        return str(given)
    field = _text(given, at) if isinstance(given, str) else ""
    if not field.startswith(ATTRIBUTES) or field == ATTRIBUTES:
        raise _wrong(at, f"must be one of {', '.join(FIELDS)}, or attributes.NAME")
    return field


def _op(given: object, at: str) -> Op:
    if not isinstance(given, str) or given not in list(Op):
        raise _wrong(at, f"must be one of {', '.join(Op)}")
    return Op(given)


def _values(field: str, op: Op, given: object, at: str) -> tuple[str, ...]:
    if op is Op.EXISTS:
        if not isinstance(given, bool | None):
            raise _wrong(at, "must be true or false")
        return ("" if given is False else "yes",)
    if op is not Op.IN:
        value = _operand(field, given, at)
        if not value and op is not Op.EQ and op is not Op.NE:
            raise _wrong(at, "is empty")
        return (value,)
    if not isinstance(given, list) or not 0 < len(given) <= MAX_VALUES:
        raise _wrong(at, f"must be a list of 1 to {MAX_VALUES} texts or numbers")
    return tuple(_operand(field, each, f"{at}[{number}]") for number, each in enumerate(given))


def _operand(field: str, given: object, at: str) -> str:
    text = _text(given, at)
    if field not in TIMES:
        return text
    try:
        return sortable(instant_from(text))
    except ValueError:
        raise _wrong(at, "must be an ISO 8601 instant with its zone") from None


def _text(given: object, at: str) -> str:
    """Return a text, or a number as text: 5 and 5.0 are "5"."""
    if isinstance(given, float) and math.isfinite(given):
        given = int(given) if given.is_integer() else repr(given)
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise _wrong(at, "must be a text or a number")
    if isinstance(given, int) and abs(given) > MAX_NUMBER:
        raise _wrong(at, f"is a number beyond {MAX_NUMBER}; write it as a text")
    text = str(given)
    if len(text) > MAX_TEXT:
        raise _wrong(at, f"has more than {MAX_TEXT} characters")
    if not _is_unicode(text):
        raise _wrong(at, "is not valid Unicode")
    return text


def _is_unicode(text: str) -> bool:
    """Tell whether a text can be stored: JSON can also write half of a surrogate pair."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _history(members: Mapping[str, object], at: str) -> History:
    campaign = members["campaign"]
    if not isinstance(campaign, str) or not _CAMPAIGN.fullmatch(campaign):
        raise _wrong(f"{at}.campaign", "must be the id of a campaign")
    given = members.get("status")
    wanted = given if isinstance(given, list) else [given]
    if not wanted or any(each not in _STATUSES for each in wanted):
        rule = f"must be one, or a list, of {', '.join(_STATUSES)}"
        raise _wrong(f"{at}.status", rule)
    return History(campaign, frozenset(map(str, wanted)))
