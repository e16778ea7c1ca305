"""The encoding of a text file: told by its marks, or by what its bytes can mean and nothing else.

No guess may change a name: where a file can be read in two ways that differ, its sender is asked.
"""

import codecs
import re
from itertools import islice
from typing import Final

from functions.domain.errors import InvalidFieldError
from functions.domain.warnings import InputWarning
from functions.engine.imports import readings
from functions.engine.imports.readings import CODE_PAGES, Reading, shown_encoding

UTF8: Final = "utf-8"
_MARKS: Final = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: Encodings that somebody may name beside those that can be told by their bytes.
_OTHERS: Final = (
    *(UTF8, "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "euc_jp", "shift_jis", "euc_kr"),
    *("gbk", "gb2312", "koi8-r", "koi8-u", "cp437", "cp852", "cp866", "tis-620", "mac-cyrillic"),
    *(f"iso8859-{number}" for number in (*range(1, 12), *range(13, 17))),
)
_KNOWN: Final = frozenset(codecs.lookup(name).name for name in (*CODE_PAGES, *_OTHERS))
_ASCII: Final = bytes(range(128))
_ODD_LINE: Final = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_BEGIN: Final = 64  #: bytes that tell UTF-16
_SAMPLE: Final = 65_536  #: bytes of lines that are not plain ASCII
_LINE: Final = 4096
_QUOTED: Final = 40


class Sampler:
    """Looks at a file as it comes in, and tells at its end how it is encoded."""

    def __init__(self) -> None:
        self._begin = b""
        self._sample = bytearray()
        self._bytes: set[int] = set()  #: those above ASCII, of the whole file
        self._rest = b""  #: of a line whose end has not come in

    def feed(self, data: bytes) -> None:
        """Look at the next bytes."""
        self._begin += data[: _BEGIN - len(self._begin)]
        if not data.isascii():
            self._bytes.update(data.translate(None, _ASCII))
        if len(self._sample) < _SAMPLE:
            data = self._rest + data
            end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
            self._rest = data[end:][-_LINE:]
            self._take(data[:end])

    def _take(self, lines: bytes) -> None:
        if not lines.isascii():
            self._sample += b"\n".join(_ODD_LINE.findall(lines)) + b"\n"

    def decide(self, named: str = "") -> tuple[str, list[InputWarning]]:
        """Return the file's encoding, and a warning where nothing but its bytes tells it.

        Raises InvalidFieldError where it can be one of several.
        """
        if encoding := _marked(self._begin) or named:
            return encoding, []
        self._take(self._rest)
        self._rest = b""
        sample = bytes(self._sample)
        if _is_utf8(sample):
            return UTF8, []
        reading = _only(readings.of(sample, self._bytes))
        return reading.encoding, [_warning(reading)]


def check_encoding(field: str, name: str) -> str:
    """Return the name of an encoding as Python knows it, "" for none. Raises InvalidFieldError."""
    if not name:
        return ""
    try:
        known = codecs.lookup(name.strip()).name
    except (LookupError, ValueError):
        known = ""
    if known == "utf-16":
        return "utf-16-le"  # without a mark, as Windows has it
    if known not in _KNOWN:
        shown = ", ".join([UTF8, "utf-16-le", *map(shown_encoding, CODE_PAGES)])
        raise InvalidFieldError(field, f"{field}: is not known; there are {shown} and others")
    return known


def _marked(begin: bytes) -> str | None:
    """Return the encoding that a file's first bytes tell: a mark, or the zeros of UTF-16."""
    for mark, encoding in _MARKS:
        if begin.startswith(mark):
            return encoding
    even, odd = begin[0::2], begin[1::2]
    if odd.count(0) > len(odd) / 2 and not even.count(0):
        return "utf-16-le"
    if even.count(0) > len(even) / 2 and not odd.count(0):
        return "utf-16-be"
    return None


def _is_utf8(sample: bytes) -> bool:
    """Tell whether a text is UTF-8; a few bytes that are not spoil their own rows only."""
    text = sample.decode(errors="replace")
    bad = text.count("\ufffd")
    return 2 * bad <= len(text) - len(text.encode("ascii", "ignore"))


def _only(found: list[Reading]) -> Reading:
    """Return the one way to read a file. Raises InvalidFieldError where there is none, or two."""
    if not found:
        rule = "is not UTF-8, and no other encoding fits; save it as UTF-8, or name its encoding"
        raise InvalidFieldError("file", f"file: {rule}")
    if len(found) > 1:
        ways = [f"{shown_encoding(each.encoding)} ({each.differing[:_QUOTED]})" for each in found]
        rule = f"the file is not UTF-8, and can be {' or '.join(ways)}; name the right one"
        raise InvalidFieldError("encoding", f"encoding: {rule}")
    return found[0]


def _warning(reading: Reading) -> InputWarning:
    words = ", ".join(word[:_QUOTED] for word in islice(dict.fromkeys(reading.words), 3))
    sentence = f"the file is not UTF-8 and is read as {shown_encoding(reading.encoding)}"
    return InputWarning("ENCODING_TOLD_BY_BYTES", "encoding", f"encoding: {sentence}: {words}")
