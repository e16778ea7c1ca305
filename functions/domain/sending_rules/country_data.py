"""What each country asks of those who call and text its people: data, each with its source.

These are defaults on the careful side of each country's law, not legal advice. An organisation
that knows better overrides them in its settings (country_rules.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Final, NamedTuple

from functions.domain.kinds import ChannelKind
from functions.domain.sending_rules.frequency_caps import Cap
from functions.domain.sending_rules.windows import Window

_SATURDAY: Final = 5
_SUNDAY: Final = 6
_DAY: Final = 24
_VOICE: Final = frozenset({ChannelKind.VOICE})

#: The rules of every country that has none of its own for a kind of message.
ELSEWHERE: Final = "*"


class Rule(NamedTuple):
    """When people may be reached by one kind of message, and how often."""

    windows: tuple[Window, ...] = ()  #: all of them at once; without any it is always
    cap: Cap | None = None


@dataclass(frozen=True, slots=True)
class Country:
    """The rules of one country, by kind of message; a kind that is not here has none."""

    version: date  #: when these rules were last compared with their source
    source: str  #: the law that they keep to, and what is stricter in them
    rules: Mapping[ChannelKind, Rule]


#: By the main region of a calling code (ISO 3166 alpha-2), as phones.py tells it: Canada is "US".
COUNTRIES: Final[Mapping[str, Country]] = {
    "US": Country(
        version=date(2026, 11, 22),
        source="47 CFR 64.1200(c)(1) allows calls 08:00-21:00, several states less: Florida (Fla."
        " Stat. 501.616(6)) until 20:00 and three in 24 hours, others none on Sundays",
        rules={
            ChannelKind.VOICE: Rule(
                (Window(time(9), time(20), frozenset({_SUNDAY})),), Cap(3, _DAY, _VOICE)
            )
        },
    ),
    "GB": Country(
        version=date(2026, 11, 22),
        source="Ofcom's guidance on nuisance calls and the industry's code; automated marketing"
        " calls need consent (Privacy and Electronic Communications Regulations 2003, 19)",
        rules={ChannelKind.VOICE: Rule((Window(time(9), time(20), frozenset({_SUNDAY})),))},
    ),
    "IN": Country(
        version=date(2026, 11, 22),
        source="Telecom Commercial Communications Customer Preference Regulations 2018 (TRAI):"
        " 09:00-21:00, less where people have said so",
        rules={ChannelKind.VOICE: Rule((Window(time(10), time(19)),))},
    ),
    "FR": Country(
        version=date(2026, 11, 22),
        source="Calls: Code de la consommation D. 223-9 (decree 2022-1313): Monday to Friday"
        " 10:00-13:00 and 14:00-20:00, not on public holidays, four in 30 days. Marketing SMS:"
        " the operators' rules (AF2M) under CPCE L. 34-5: not 22:00-08:00, nor on Sundays and"
        " public holidays",
        rules={
            ChannelKind.VOICE: Rule(
                (
                    Window(time(10), time(20), frozenset({_SATURDAY, _SUNDAY}), "FR"),
                    Window(time(14), time(13)),  # not over lunch
                ),
                Cap(4, 30 * _DAY, _VOICE),
            ),
            ChannelKind.SMS: Rule((Window(time(8), time(22), frozenset({_SUNDAY}), "FR"),)),
        },
    ),
    ELSEWHERE: Country(
        version=date(2026, 11, 22),
        source="No country's law: hours at which a call offends nobody",
        rules={ChannelKind.VOICE: Rule((Window(time(9), time(20)),))},
    ),
}
