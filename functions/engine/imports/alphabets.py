"""The letters beside A to Z that languages write in, by the code pages that hold them.

A word in letters of several languages is most likely a word that is read in the wrong code page.
"""

from collections.abc import Mapping
from typing import Final

_WESTERN: Final = (
    "áéíóúüñ",  # Spanish
    "áâãàçéêíóôõúü",  # Portuguese
    "àâæçéèêëîïíôœùûüÿ",  # French
    "äöüßéèàçë",  # German, with names from French
    "åäöæøéèü",  # Swedish, Norwegian, Danish, Finnish
    "áéíóúýþðæö",  # Icelandic
    "àèéìíòóùî",  # Italian
    "ëéïíöüèêáóúç",  # Dutch
    "àçèéíïòóúü",  # Catalan
)
_CENTRAL: Final = (
    "ąćęłńóśźż",  # Polish
    "áčďéěíňóřšťúůýžü",  # Czech
    "áäčďéíĺľňóôŕšťúýž",  # Slovak
    "áéíóöőúüű",  # Hungarian
    "čćđšž",  # Croatian, Slovene
    "ăâîşţșț",  # Romanian
    "äöüß",  # German
    "çë",  # Albanian
)
_BALTIC: Final = ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž")
_TURKISH: Final = ("çğıöşüâîûi̇",)  # noqa: RUF001 - these letters are meant
_VIETNAMESE: Final = ("àâăáãèéêìíòóôõơùúưýđ\u0300\u0301\u0303\u0309\u0323",)

_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "cp1250": _CENTRAL,
    "cp1254": (*_TURKISH, *_WESTERN),
    "cp1257": _BALTIC,
    "cp1258": (*_VIETNAMESE, "àâæçéèêëîïôœùûüÿ"),
}


def fits_an_alphabet(letters: set[str], encoding: str) -> bool:
    """Tell whether one language of a code page has all of these letters, in lower case."""
    return any(letters <= set(each) for each in _OF.get(encoding, _WESTERN))
