"""What bytes of no known encoding can mean: the code pages in which they make words."""

import codecs
import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from functions.engine.imports.alphabets import fits_an_alphabet

#: What Excel writes where it does not write Unicode; of two that say the same the first is told.
CODE_PAGES: Final = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("cp874", "cp932", "gb18030", "big5", "cp949", "mac-roman", "cp850"),
)
_MANY_BYTES: Final = frozenset({"cp932", "gb18030", "big5", "cp949"})
#: By the names that people know them by.
_NAMES: Final = {"cp874": "windows-874", "cp932": "shift_jis", "cp949": "euc-kr"}
_TOKEN: Final = re.compile(r"""[^\s,;|"/-]*[^\x00-\x7f\s][^\s,;|"/-]*""")
#: What may stand in a word beside letters, and what stands for itself.
_WITH_LETTERS: Final = frozenset("“”„«»¿¡–—’‘´·")  # noqa: RUF001 - these are meant
_LEADING: Final = "'(.:0123456789“”„«»¿¡–—’‘"  # noqa: RUF001 - as above
_ALONE: Final = _WITH_LETTERS | frozenset("€£¥°§©®№±½¼¾²³…")
_EAST: Final = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC", "HALFWIDTH"})
_GOOD: Final = 0.97  #: of the words at least must be ones
_ODD: Final = 0.5  #: of the letters of Latin words at most are not plain ones
_LATIN: Final = "LATIN"


class Reading(NamedTuple):
    """An encoding that a file may have, and what stands in it then."""

    encoding: str
    words: list[str]  #: those that are not plain ASCII
    differing: str = ""  #: a word that no other reading has


def shown_encoding(encoding: str) -> str:
    """Return an encoding by the name that people know it by."""
    return _NAMES.get(encoding, encoding.replace("cp125", "windows-125"))


def of(sample: bytes, high: Collection[int]) -> list[Reading]:
    """Return the readings of a sample that differ, of a file that has these bytes above ASCII."""
    found = [reading for each in CODE_PAGES if (reading := _reading(sample, each)) is not None]
    foreign = {each.encoding for each in found if _script(each.words) != _LATIN}
    if len(foreign) > 1:
        likely = _likely(sample) & foreign
        out = foreign - likely if likely else set()
        found = [each for each in found if each.encoding not in out]
    return _told_apart(_different(found, high))


def _reading(sample: bytes, encoding: str) -> Reading | None:
    try:
        text = codecs.decode(sample, encoding)
    except UnicodeDecodeError:
        return None
    words = _TOKEN.findall(text)
    good = sum(_is_word(word, encoding) for word in words)
    if good < _GOOD * len(words) or not _are_latin_enough(words):
        return None
    return Reading(encoding, words)


def _is_word(token: str, encoding: str) -> bool:
    letters = [char for char in token if char.isalpha() or unicodedata.category(char)[0] == "M"]
    if not letters:
        return all(char.isascii() or char in _ALONE for char in token)
    others = (char for char in token if not char.isascii() and char not in letters)
    if letters[0] != token.lstrip(_LEADING)[:1] or any(
        each not in _WITH_LETTERS for each in others
    ):
        return False
    scripts = {_script_of(char) for char in letters} - {""}
    if scripts == {_LATIN}:
        return _has_cases_in_place(token) and _is_of_one_language(letters, encoding)
    return len(scripts) == 1 and _has_cases_in_place(token)


def _is_of_one_language(letters: list[str], encoding: str) -> bool:
    odd = "".join(char for char in letters if not char.isascii() and char not in "ªº")
    return fits_an_alphabet(set(odd.lower()), encoding)


def _has_cases_in_place(token: str) -> bool:
    """Tell whether capitals begin words, or make all of them."""
    if token.isupper():
        return True
    return not any(
        char.isupper() and before.isalpha() and not (char.isascii() and before.isascii())
        for before, char in pairwise(token)
    )


def _are_latin_enough(words: list[str]) -> bool:
    """Tell whether Latin words are mostly of plain letters, as those of other scripts are not."""
    if _script(words) != _LATIN:
        return True
    letters = [char for word in words for char in word if char.isalpha()]
    return sum(not char.isascii() for char in letters) <= _ODD * len(letters)


def _script(words: list[str]) -> str:
    """Return the script of the first letter that is not ASCII."""
    odd = (char for word in words for char in word if char.isalpha() and not char.isascii())
    return _script_of(next(odd, "a"))


@lru_cache(maxsize=4096)
def _script_of(char: str) -> str:
    """Return the script of a letter, "" of a mark that goes with any."""
    first = unicodedata.name(char, "UNKNOWN").replace("-", " ").split(" ")[0]
    if first in {"FEMININE", "MASCULINE", "MODIFIER"}:
        return _LATIN
    if first == "COMBINING":
        return ""
    return "EAST" if first in _EAST else first


def _likely(sample: bytes) -> set[str]:
    """Return the code pages that the usual frequencies of a language speak for."""
    from charset_normalizer import from_bytes

    matches = from_bytes(sample, cp_isolation=[page.replace("-", "_") for page in CODE_PAGES])
    return {codecs.lookup(match.encoding).name for match in matches}


def _different(found: list[Reading], high: Collection[int]) -> list[Reading]:
    """Leave out what says the same as an earlier reading, in the whole file."""
    different: list[Reading] = []
    for reading in found:
        if not any(_say_the_same(each, reading, high) for each in different):
            different.append(reading)
    return different


def _say_the_same(one: Reading, other: Reading, high: Collection[int]) -> bool:
    if one.words != other.words:
        return False
    if _MANY_BYTES & {one.encoding, other.encoding}:
        return True
    octets = bytes(sorted(high))
    texts = (octets.decode(each.encoding, errors="replace") for each in (one, other))
    return len(set(texts)) == 1


def _told_apart(found: list[Reading]) -> list[Reading]:
    """Return the readings, each with a word that tells it apart."""
    if len(found) < 2:  # noqa: PLR2004
        return found
    rows = list(zip(*(reading.words for reading in found), strict=False))
    telling = max(rows, key=lambda row: len(set(row)), default=())
    return [each._replace(differing=word) for each, word in zip(found, telling, strict=False)]
