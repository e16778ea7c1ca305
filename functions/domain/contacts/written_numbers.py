"""Phone numbers as files and people write them, freed of what is not part of the number."""

import re
import unicodedata
from decimal import Decimal
from typing import Final

#: The usual case, which needs no freeing.
_PLAIN: Final = re.compile(r"\+[0-9]{7,15}", re.ASCII)
#: A formula by which a spreadsheet is told to keep a number as it is.
_FORMULA: Final = re.compile(r'=\s*"?(?P<text>[^"]*)"?')
#: Marks that tell a spreadsheet that a text follows.
_TEXT_MARKS: Final = "'\u2018\u2019`"
_URI: Final = re.compile(r"(?:tel|callto|sms|whatsapp):(?://)?", re.IGNORECASE)
_ROUNDED: Final = re.compile(r"\+?[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]{1,2}", re.ASCII)
#: What a table of numbers adds where a column was read as fractions.
_FRACTION: Final = re.compile(r"(?P<digits>\+?[0-9]{7,})\.0+", re.ASCII)
#: How most countries dial abroad (ITU-T E.164), and a plus within parentheses.
_ABROAD: Final = re.compile(r"\A(?:00(?=[\s(.-]*[1-9])|\((?:00|\+)(?=\s*[1-9]))")


class RoundedNumberError(ValueError):
    """A spreadsheet has rounded the number: its last digits are lost."""


def bare_number(text: str) -> str:
    """Return what was written as a phone number without marks, formulas and invisible characters.

    Digits and plus of any script become ASCII, and 00 in front becomes a plus. Raises
    RoundedNumberError.
    """
    if _PLAIN.fullmatch(text):
        return text
    bare = _without_dressing(_visible(text))
    if _ROUNDED.fullmatch(bare):
        return _whole(bare)
    if fraction := _FRACTION.fullmatch(bare):
        return fraction["digits"]
    return _ABROAD.sub("+", bare)


def _visible(text: str) -> str:
    """Return a text in plain characters: no formatting ones, no blanks but the usual one."""
    shown = (char for char in text if unicodedata.category(char) != "Cf")
    plain = unicodedata.normalize("NFKC", "".join(shown))
    return "".join(_digit(char) for char in plain).strip()


def _digit(char: str) -> str:
    if char.isascii():
        return char
    value = unicodedata.digit(char, None)
    return char if value is None else str(value)


def _without_dressing(text: str) -> str:
    """Return a text without the formula, the marks or the scheme that it stands in."""
    if formula := _FORMULA.fullmatch(text):
        text = formula["text"]
    text = text.strip().strip('"').lstrip(_TEXT_MARKS).rstrip("'").strip()
    return _URI.sub("", text, count=1).strip() if _URI.match(text) else text


def _whole(rounded: str) -> str:
    """Return a number in scientific notation that has all of its digits."""
    sign = "+" if rounded.startswith("+") else ""
    number = Decimal(rounded.replace(",", "."))
    digits, exponent = number.as_tuple().digits, number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent > 0:
        rule = f"was rounded by a spreadsheet ({rounded[:32]}), which has lost its last digits"
        raise RoundedNumberError(f"{rule}; format the column as text and save it again")
    whole, rest = digits[: len(digits) + exponent], digits[len(digits) + exponent :]
    return sign + "".join(map(str, whole)) if not any(rest) else rounded
