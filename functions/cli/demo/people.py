"""The demonstration's people: some three hundred, none of whom has a telephone.

Every number lies in a range that its country keeps for films and examples.
"""

import csv
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple


class _Place(NamedTuple):
    """A city, and what its numbers for films begin with and how many digits follow."""

    city: str
    prefix: str
    digits: int


_PLACES: Final = (
    _Place("New York", "+121255501", 2),
    _Place("Chicago", "+131255501", 2),
    _Place("Denver", "+130355501", 2),
    _Place("Los Angeles", "+121355501", 2),
    _Place("Honolulu", "+180855501", 2),
    _Place("London", "+4420794600", 2),
    _Place("Manchester", "+4416149600", 2),
    _Place("Paris", "+33199001", 3),
    _Place("Berlin", "+493023125", 3),
    _Place("Sydney", "+612555012", 2),
)
_PER_PLACE: Final = 28
_NAMES: Final = ("Ada", "Ben", "Chloe", "Dev", "Elif", "Finn", "Grace", "Hugo", "Ines", "Jamal")
_INVALID: Final = ("", "12125550142", "+1212", "+4420794", "call me", "+99912345678")
_REPEATED: Final = 9
_SUPPRESSED: Final = 7


@dataclass(frozen=True, slots=True)
class People:
    """Who is in the file, and who must not be called."""

    rows: int
    numbers: frozenset[str]  #: valid, each once
    duplicates: int
    invalid: int
    suppressed: tuple[str, ...]


def write_people(path: Path) -> People:
    """Write the CSV; it is the same every time."""
    chance = random.Random(7)  # noqa: S311  a demonstration that can be repeated
    numbers = [f"{place.prefix}{n:0{place.digits}}" for place in _PLACES for n in range(_PER_PLACE)]
    rows = [
        (number, place.city)
        for place in _PLACES
        for number in numbers
        if number.startswith(place.prefix)
    ]
    again = [
        (f"{number[:3]} {number[3:6]}-{number[6:]}", city)
        for number, city in chance.sample(rows, _REPEATED)
    ]
    bad = [(number, "Nowhere") for number in _INVALID]
    everybody = [*rows, *again, *bad]
    chance.shuffle(everybody)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("number", "name", "city"))
        writer.writerows((number, chance.choice(_NAMES), city) for number, city in everybody)
    suppressed = tuple(chance.sample(numbers, _SUPPRESSED))
    return People(len(everybody), frozenset(numbers), _REPEATED, len(_INVALID), suppressed)
