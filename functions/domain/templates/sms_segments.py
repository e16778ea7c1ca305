"""How long a text message is: its encoding, its characters, and what it is billed as.

Source: 3GPP TS 23.038, 6.2.1 (the default alphabet and its extension table), and TS 23.040,
9.2.3.24.1 (the header of concatenated messages, which takes 7 septets or 3 UCS-2 characters of
each segment).
"""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

Encoding = Literal["GSM-7", "UCS-2"]

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Sent as an escape and another character.
_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
_GSM_7: Final = _BASIC | _EXTENSION

_SINGLE: Final = {"GSM-7": 160, "UCS-2": 70}
_CONCATENATED: Final = {"GSM-7": 153, "UCS-2": 67}
_LAST_IN_ONE_UNIT: Final = "\uffff"


class TextLength(NamedTuple):
    """What a text takes as a short message. `characters` are septets, or UTF-16 code units."""

    encoding: Encoding
    characters: int
    segments: int


def measure(text: str) -> TextLength:
    """Return what a text takes as a short message; the empty text takes no segment."""
    if _GSM_7.issuperset(text):
        return _measure("GSM-7", [2 if c in _EXTENSION else 1 for c in text])
    return _measure("UCS-2", [2 if c > _LAST_IN_ONE_UNIT else 1 for c in text])


def _measure(encoding: Encoding, widths: list[int]) -> TextLength:
    characters = sum(widths)
    if characters <= _SINGLE[encoding]:
        return TextLength(encoding, characters, min(characters, 1))
    return TextLength(encoding, characters, _segments(widths, _CONCATENATED[encoding]))


def _segments(widths: Iterable[int], room: int) -> int:
    """Fill segment after segment; what takes two places is never split between two."""
    segments, used = 1, 0
    for width in widths:
        if used + width > room:
            segments, used = segments + 1, 0
        used += width
    return segments
