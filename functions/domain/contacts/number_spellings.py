"""One spelling for the numbers that several are in use of: the same person, however it is written.

Numbering plans change, and what was there before lives on: in files, in the networks, and for good
in the ids that WhatsApp gave people when they joined.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple


class _Rule(NamedTuple):
    """How the numbers of a plan that are written in an old way are written now."""

    old: re.Pattern[str]
    now: str

    def apply(self, number: str) -> str:
        return self.old.sub(self.now, number)


def _rule(old: str, now: str) -> _Rule:
    return _Rule(re.compile(old + r"\Z", re.ASCII), now)


#: By calling code. No number that is written as it is now is also an old spelling of another one.
_RULES: Final[Mapping[str, tuple[_Rule, ...]]] = {
    # Mexico: since August 2019 mobile numbers have no 1, nor the prefixes of calls within Mexico.
    "+52": (_rule(r"\+52(?:1|01|04[45])([1-9][0-9]{9})", r"+52\1"),),
    # Argentina: mobile numbers have a 9 when they are called from abroad and a 15 at home. No
    # landline has the number of a mobile without them.
    "+54": (_rule(r"\+549([0-9]{10}|[0-9]{12})", r"+54\1"),),
    # Brazil: by 2016 mobile numbers had got a ninth digit. Landlines begin with 2 to 5.
    "+55": (_rule(r"\+55([1-9][1-9])([6-9][0-9]{7})", r"+55\g<1>9\2"),),
    # Ivory Coast: since January 2021 mobile numbers begin with the network that they were of.
    "+225": (
        _rule(r"\+225((?:0|[4-9])[0-3][0-9]{6})", r"+22501\1"),
        _rule(r"\+225((?:0|[4-9])[4-6][0-9]{6})", r"+22505\1"),
        _rule(r"\+225((?:0|[4-9])[7-9][0-9]{6})", r"+22507\1"),
    ),
    # Benin: since November 2024 every number begins with 01.
    "+229": (_rule(r"\+229([0-9]{8})", r"+22901\1"),),
}
_CODES: Final = tuple(_RULES)


def one_spelling(address: str) -> str:
    """Return the one spelling of a number in E.164; any other address as it is.

    It stands for the person, in ids and comparisons. It is not always what is dialled: a mobile
    number of Argentina has its 9 there.
    """
    if not address.startswith(_CODES):  # nearly all: a launch asks for it by the million
        return address
    for rule in _RULES.get(address[:3]) or _RULES[address[:4]]:
        address = rule.apply(address)
    return address
