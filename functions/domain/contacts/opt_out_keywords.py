"""Consent by text: the words by which people opt out of what we send, and back in.

The words that always count are Twilio's default keywords ("Twilio support for opt-out keywords",
as of 2025), and what people and buttons say in their place. They hold all seven that
47 CFR 64.1200(a)(10) (since April 2025) names as a revocation of consent: stop, quit, end, revoke,
opt out, cancel and unsubscribe. An organisation adds words of its own, language by language.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, Final

from functions.domain.errors import InvalidFieldError


class Keyword(StrEnum):
    """What somebody asks for by a single word."""

    OUT = "out"  #: to hear from us no more
    IN = "in"  #: to hear from us again


Words = Mapping[str, Sequence[str]]
"""An organisation's words, by language (BCP 47). All of them count, whoever writes."""

_NONE: Final[Words] = {}

#: Words that opt out wherever they are written.
OUT_WORDS: Final = (
    *("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "REVOKE", "OPTOUT", "OPT OUT", "QUIT"),
    *("STOP ALL", "UNSUBSCRIBE ALL", "CANCEL ALL", "END ALL", "QUIT ALL", "REVOKE ALL"),
    *("OPT OUT ALL", "OPT ME OUT", "UNSUBSCRIBE ME", "STOP NOW", "STOP SMS", "STOP TEXTS"),
    *("STOP TEXTING", "STOP TEXTING ME", "STOP MESSAGES", "STOP MESSAGING", "STOP MESSAGING ME"),
    *("STOP PROMOTIONS", "STOP MARKETING", "STOP PLEASE", "STOP THANKS", "STOP THANK YOU", "UNSUB"),
)
#: Words that opt in again wherever they are written.
IN_WORDS: Final = (
    *("START", "YES", "UNSTOP", "START ALL", "UNSTOP ALL"),
    *("SUBSCRIBE", "RESUBSCRIBE", "OPTIN", "OPT IN", "OPT ME IN"),
)
#: Words that ask for help: networks want them answered, and they are no wish.
HELP_WORDS: Final = ("HELP", "INFO")
#: Words that an organisation may want to add for the languages it writes in.
OPTIONAL_OUT_WORDS: Final[Words] = {
    "de": ("STOPP", "ABMELDEN"),
    "es": ("ALTO", "BAJA", "PARAR", "SALIR", "FIN"),
    "fr": ("ARRET", "FIN"),
    "nb": ("STOPP",),
    "pt": ("PARAR", "SAIR"),
    "sv": ("STOPP",),
}

LANGUAGES: Final = 50  #: for which an organisation may have words
WORDS: Final = 50  #: of one language
LENGTH: Final = 60  #: characters of a word, or of a few of them
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
_DASHES: Final = frozenset({"Pd", "Pc"})
#: By the first letter of their Unicode category: punctuation, symbols (emoji), invisible ones.
_SILENT: Final = frozenset("PSC")
#: No keyword comes near this, whatever it is decorated with.
_LONGEST: Final = 100


def word_of(text: str, out_words: Words = _NONE, in_words: Words = _NONE) -> Keyword | None:
    """Return what a whole text asks for; None where it is more than one of the words.

    An organisation's own words count beside those that always do. Case, accents, width,
    punctuation, emoji and blanks around and within a word do not, nor does saying it again and
    again: "Stop!" asks, and "please stop" does not, for it may go on "being late".
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    heard = _once(_folded(text))
    if always := _always().get(heard):
        return always
    if heard in _folded_all(out_words):
        return Keyword.OUT
    return Keyword.IN if heard in _folded_all(in_words) else None


@cache
def _always() -> Mapping[str, Keyword]:
    """Return what always counts, as it is heard; a keyword in one word is heard as well."""
    wishes = {Keyword.OUT: OUT_WORDS, Keyword.IN: IN_WORDS}
    return {
        spelt: wish
        for wish, words in wishes.items()
        for word in map(_folded, words)
        for spelt in (word, word.replace(" ", ""))
    }


def _folded_all(words: Words) -> set[str]:
    return {_folded(word) for of_language in words.values() for word in of_language}


def _once(heard: str) -> str:
    """Return a word that was said several times as if it had been said once."""
    words = heard.split()
    return words[0] if len(set(words)) == 1 else heard


def _folded(text: str) -> str:
    """Return a text's letters, in one case and without accents, with one blank between words."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return " ".join("".join(map(_heard, plain)).split())


def _heard(sign: str) -> str:
    """Return what a sign adds to what is said: a dash stands between words as a blank does."""
    category = unicodedata.category(sign)
    if sign.isspace() or category in _DASHES:
        return " "
    if category[0] in _SILENT or _is_accent(sign, category):
        return ""
    return "i" if sign == "\u0131" else sign


def _is_accent(sign: str, category: str) -> bool:
    """Tell whether a sign is an accent, or says how an emoji looks; other scripts' vowels stay."""
    return category == "Me" or "\u0300" <= sign <= "\u036f" or "\ufe00" <= sign <= "\ufe0f"


def check_words(out_words: Words, in_words: Words) -> None:
    """Raise InvalidFieldError where an organisation's words are none, or mean two things."""
    for field, words in (("opt_out_words", out_words), ("opt_in_words", in_words)):
        _check(field, words)
    help_words = dict.fromkeys(map(_folded, HELP_WORDS), "asks for help")
    ins = dict.fromkeys(map(_folded, IN_WORDS), "always opts in")
    outs = dict.fromkeys(map(_folded, OUT_WORDS), "always opts out")
    both = dict.fromkeys(_folded_all(in_words), "stands in opt_in_words too")
    _check_meaning("opt_out_words", out_words, {**both, **ins, **help_words})
    _check_meaning("opt_in_words", in_words, {**outs, **help_words})


def _check(field: str, words: Words) -> None:
    if len(words) > LANGUAGES:
        raise InvalidFieldError(field, f"{field}: has more than {LANGUAGES} languages")
    for language, given in words.items():
        named = f"{field}.{language[:20]}"
        if not _LANGUAGE.fullmatch(language):
            raise InvalidFieldError(
                named, f"{named}: must be a language (BCP 47) such as es or pt-BR"
            )
        if not 1 <= len(given) <= WORDS:
            rule = f"must hold 1 to {WORDS} words; null takes the language away"
            raise InvalidFieldError(named, f"{named}: {rule}")
        for word in given:
            _check_word(named, word)


def _check_word(named: str, word: str) -> None:
    if len(word) > LENGTH:
        raise InvalidFieldError(named, f"{named}: a word has at most {LENGTH} characters")
    if not any(map(str.isalpha, _folded(word))):
        raise InvalidFieldError(named, f"{named}: '{_shown(word)}' has no letters")
    if not word.strip().isprintable():
        raise InvalidFieldError(named, f"{named}: '{_shown(word)}' has characters that nobody sees")


def _shown(word: str) -> str:
    """Return a word as an error can quote it."""
    return "".join(sign if sign.isprintable() else "?" for sign in word)


def _check_meaning(field: str, words: Words, taken: Mapping[str, str]) -> None:
    for language, given in words.items():
        for word in given:
            if meaning := taken.get(_once(_folded(word))):
                named = f"{field}.{language}"
                raise InvalidFieldError(named, f"{named}: '{_shown(word)}' {meaning}")


def tidied(words: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return words as they are stored: each once, without blanks around it."""
    return {language: _each_once(given) for language, given in words.items()}


def _each_once(words: Iterable[str]) -> list[str]:
    """Return words, each as it was written first."""
    kept: dict[str, str] = {}
    for word in words:
        kept.setdefault(_folded(word), word.strip())
    return list(kept.values())
