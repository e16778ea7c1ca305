"""No guess changes a name: a file's encoding is told by its bytes, or asked for."""

from collections.abc import Sequence

import pytest

from functions.domain.errors import InvalidFieldError
from functions.domain.warnings import InputWarning
from functions.engine.imports.encodings import Sampler, check_encoding

NAMES = {
    "windows-1252": ["José", "Müller", "Zoë", "Françoise", "O\u2019Brien", "García"],
    "windows-1250": ["Łukasz", "Dvořák", "Győr", "Šárka", "Wójcik"],
    "windows-1251": ["Иван", "Мария", "Ольга"],
    "windows-1253": ["Γιώργος", "Μαρία", "Αθήνα"],
    "shift_jis": ["田中太郎", "鈴木", "ヤマダ"],
    "gb18030": ["王伟", "李娜", "北京"],
    "euc-kr": ["김철수", "이영희", "서울"],
    "macintosh": ["José", "Müller", "Zoë"],
}


def told(names: Sequence[str], encoding: str, *, times: int = 20) -> tuple[str, list[InputWarning]]:
    """Return what is told of a file of these names, and make sure that they are read right."""
    rows = [f"+1212555{number:04d},{name}" for number, name in enumerate([*names] * times)]
    text = "\n".join(("phone,name", *rows))
    data = text.encode(encoding)
    sampler = Sampler()
    for start in range(0, len(data), 7):
        sampler.feed(data[start : start + 7])
    found, warnings = sampler.decide()
    assert data.decode(found).removeprefix("\ufeff") == text
    return found, warnings


@pytest.mark.parametrize("encoding", NAMES)
def test_a_file_of_another_encoding_is_read_right_and_said_to_be(encoding: str) -> None:
    """Excel's own code pages are told by the words that they make, and the words are shown."""
    _, (warning,) = told(NAMES[encoding], encoding)
    assert warning.code == "ENCODING_TOLD_BY_BYTES"
    assert NAMES[encoding][0] in warning.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_told_by_its_marks_or_its_zeros(encoding: str) -> None:
    """Nothing is doubtful of it."""
    assert told(["José", "春"], encoding)[1] == []


@pytest.mark.parametrize(
    ("names", "encoding", "ways"),
    [
        (["Muñoz"], "windows-1252", ["windows-1252 (Muñoz)", "windows-1250 (Muńoz)"]),
        (["Zoë"], "windows-1252", ["windows-1252 (Zoë)", "windows-1257 (Zoė)"]),
        (["Ağaoğlu"], "windows-1254", ["windows-1254 (Ağaoğlu)", "windows-1257 (Ašaošlu)"]),
    ],
)
def test_what_can_be_two_things_is_asked_for(
    names: list[str], encoding: str, ways: list[str]
) -> None:
    """The file is refused with how a word of it reads in each way."""
    with pytest.raises(InvalidFieldError, match="name the right one") as caught:
        told(names, encoding, times=1)
    assert caught.value.field == "encoding"
    assert all(way in str(caught.value) for way in ways)


def test_a_letter_far_down_in_the_file_counts() -> None:
    """Two readings that say the same of the beginning are two where a later byte differs."""
    sampler = Sampler()
    for _ in range(40):
        sampler.feed("+12125550000,José\n".encode("windows-1252") * 200)
    sampler.feed("+12125550001,Muñoz\n".encode("windows-1252"))
    with pytest.raises(InvalidFieldError, match="name the right one"):
        sampler.decide()
    assert sampler.decide("cp1252") == ("cp1252", [])


def test_encodings_are_known_by_many_names() -> None:
    """What no text is written in is refused."""
    assert check_encoding("encoding", "Windows-1252") == check_encoding("encoding", "cp1252")
    assert check_encoding("encoding", "Latin1") == "iso8859-1"
    assert check_encoding("encoding", "UTF-16") == "utf-16-le"
    for name in ("rot13", "idna", "x", "utf-7", "\0", "unicode_escape"):
        with pytest.raises(InvalidFieldError, match="is not known"):
            check_encoding("encoding", name)
