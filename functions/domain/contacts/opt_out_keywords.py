"""Consent by text: the words by which people opt out of what we send, and back in.

The words are Twilio's default keywords ("Twilio support for opt-out keywords", as of 2025). They
hold all seven that 47 CFR 64.1200(a)(10) (since April 2025) names as a revocation of consent: stop,
quit, end, revoke, opt out, cancel and unsubscribe.
"""

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Keyword(StrEnum):
    """What somebody asks for by a single word."""

    OUT = "out"  #: to hear from us no more
    IN = "in"  #: to hear from us again


_OUT: Final = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "REVOKE", "OPTOUT", "QUIT")
_IN: Final = ("START", "YES", "UNSTOP")
_WISHES: Final[Mapping[str, Keyword]] = {
    **{word.casefold(): Keyword.OUT for word in _OUT},
    "opt out": Keyword.OUT,
    **{word.casefold(): Keyword.IN for word in _IN},
}
_DASHES: Final = "Pd"
#: By the first letter of their Unicode category: punctuation, symbols (emoji), invisible ones.
_SILENT: Final = frozenset("PSC")
#: No keyword comes near this, whatever it is decorated with.
_LONGEST: Final = 100


def word_of(text: str) -> Keyword | None:
    """Return what a whole text asks for; None where it is more than such a word.

    Case, width, punctuation and blanks around it do not count: "Stop!" asks, "please stop" does
    not, for it may go on "being late".
    """
    text = text.strip()
    return _WISHES.get(_folded(text)) if len(text) <= _LONGEST else None


def _folded(text: str) -> str:
    """Return a text's letters, in one case, with one blank between words."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(map(_heard, plain)).split())


def _heard(sign: str) -> str:
    """Return what a sign adds to what is said: a dash stands between words as a blank does."""
    category = unicodedata.category(sign)
    if sign.isspace() or category == _DASHES:
        return " "
    return "" if category[0] in _SILENT else sign
