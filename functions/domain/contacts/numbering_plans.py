"""The numbering plans of phonenumbers, compiled: what most numbers in E.164 are, at little cost.

phonenumbers reads a number anew for each question. Here the rules that it has for a calling code
are put together once, and asked once a number. What is not plainly valid by them is left to it.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from functions.domain.times import NO_ZONES

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_NO_ZONE: Final = "Etc/Unknown"
#: In the order in which phonenumbers asks: of two kinds that a number may have the first counts.
_SPECIAL: Final = (
    ("premium_rate", PhoneNumberType.PREMIUM_RATE),
    ("toll_free", PhoneNumberType.TOLL_FREE),
    ("shared_cost", PhoneNumberType.SHARED_COST),
    ("voip", PhoneNumberType.VOIP),
    ("personal_number", PhoneNumberType.PERSONAL_NUMBER),
    ("pager", PhoneNumberType.PAGER),
    ("uan", PhoneNumberType.UAN),
    ("voicemail", PhoneNumberType.VOICEMAIL),
)


class Plain(NamedTuple):
    """What a number in E.164 is: the main country of its calling code, and where it may be."""

    region: str
    zones: tuple[str, ...]


class _Rule(NamedTuple):
    """Which national numbers are of a kind."""

    lengths: frozenset[int]
    match: Callable[[str], object]
    kind: int

    def holds(self, national: str) -> bool:
        return len(national) in self.lengths and self.match(national) is not None


class _Territory(NamedTuple):
    """The rules of one of the territories that share a calling code."""

    leading: Callable[[str], object] | None  #: with which its numbers begin, if that tells them
    general: _Rule | None
    rules: tuple[_Rule, ...]
    mobile: _Rule | None
    is_mobile_fixed: bool

    def kind_of(self, national: str) -> int:
        """Return what kind a number is here."""
        if self.general is None or not self.general.holds(national):
            return PhoneNumberType.UNKNOWN
        for rule in self.rules:
            if rule.holds(national):
                return self._fixed(national) if rule.kind == _FIXED else rule.kind
        is_mobile = self.mobile is not None and self.mobile.holds(national)
        return PhoneNumberType.MOBILE if is_mobile else PhoneNumberType.UNKNOWN

    def _fixed(self, national: str) -> int:
        is_both = self.is_mobile_fixed or (self.mobile is not None and self.mobile.holds(national))
        return PhoneNumberType.FIXED_LINE_OR_MOBILE if is_both else PhoneNumberType.FIXED_LINE


_FIXED: Final = PhoneNumberType.FIXED_LINE


class _Plan(NamedTuple):
    """The numbers of a calling code."""

    code: int
    region: str
    is_prefixed: Callable[[str], object]  #: begins with what is dialled within the country alone
    territories: tuple[_Territory, ...]

    def kind_of(self, national: str) -> int:
        """Return what kind a number is, by the first territory that it belongs to."""
        if len(self.territories) == 1:
            return self.territories[0].kind_of(national)
        for each in self.territories:
            if each.leading is not None:
                if each.leading(national):
                    return each.kind_of(national)
            elif (kind := each.kind_of(national)) != PhoneNumberType.UNKNOWN:
                return kind
        return PhoneNumberType.UNKNOWN


def plain_number(text: str) -> Plain | None:
    """Return what a number in E.164 is; None where phonenumbers has to be asked."""
    if not _E164.fullmatch(text):
        return None
    plan, length = _plan_of(text[1:4])
    national = text[1 + length :]
    if plan is None or national[:1] == "0" or plan.is_prefixed(national):
        return None
    kind = plan.kind_of(national)
    if kind == PhoneNumberType.UNKNOWN:
        return None
    known = TIMEZONE_LONGEST_PREFIX if _is_placed(kind, plan.code) else length
    return Plain(plan.region, _zones(text[1 : 1 + known]))


@lru_cache(maxsize=1024)
def _plan_of(begin: str) -> tuple[_Plan | None, int]:
    """Return the plan of the calling code that these digits begin with, and the code's length."""
    for length in range(1, 4):
        code = int(begin[:length])
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return _plan(code), length
    return None, 0


@lru_cache(maxsize=512)
def _plan(code: int) -> _Plan | None:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    found = [_metadata(code, region) for region in regions]
    if any(each is None for each in found):
        return None
    prefix = found[0].national_prefix_for_parsing or "(?!)"
    territories = tuple(map(_territory, found))
    return _Plan(code, regions[0], re.compile(prefix).match, territories)


def _metadata(code: int, region: str) -> Any:
    return PhoneMetadata.metadata_for_region_or_calling_code(code, region)


def _territory(metadata: Any) -> _Territory:
    named = [_rule(getattr(metadata, name), kind) for name, kind in _SPECIAL]
    fixed = _rule(metadata.fixed_line, _FIXED)
    leading = metadata.leading_digits
    is_mobile_fixed = bool(metadata.same_mobile_and_fixed_line_pattern)
    return _Territory(
        re.compile(leading).match if leading else None,
        _rule(metadata.general_desc, PhoneNumberType.UNKNOWN),
        tuple(rule for rule in (*named, fixed) if rule is not None),
        None if is_mobile_fixed else _rule(metadata.mobile, PhoneNumberType.MOBILE),
        is_mobile_fixed,
    )


def _rule(desc: Any, kind: int) -> _Rule | None:
    if desc is None or not desc.national_number_pattern:
        return None
    lengths: Sequence[int] = desc.possible_length or range(2, 18)
    return _Rule(frozenset(lengths), re.compile(desc.national_number_pattern).fullmatch, kind)


@lru_cache(maxsize=4096)
def _is_placed(kind: int, code: int) -> bool:
    """Tell whether such a number says where it is."""
    return phonenumbers.is_number_type_geographical(kind, code)


@lru_cache(maxsize=65_536)
def _zones(digits: str) -> tuple[str, ...]:
    """Return the zones of the longest beginning of these digits that has any."""
    for length in range(len(digits), 0, -1):
        if zones := TIMEZONE_DATA.get(digits[:length]):
            known = tuple(zone for zone in zones if zone != _NO_ZONE)
            return known or NO_ZONES
    return NO_ZONES
