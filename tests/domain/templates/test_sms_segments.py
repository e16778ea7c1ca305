"""What a text takes as a short message, at every boundary of TS 23.038 and TS 23.040."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.templates.sms_segments import TextLength, measure

GSM_7 = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"


@pytest.mark.parametrize(
    ("text", "characters", "segments"),
    [
        ("", 0, 0),
        ("a", 1, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("€", 2, 1),
        ("€" * 80, 160, 1),
        ("€" * 80 + "a", 161, 2),
        ("a" * 159 + "€", 161, 2),
        ("a" * 152 + "€" + "a" * 151, 305, 2),
        ("a" * 152 + "€" + "a" * 152, 306, 3),
        ("€" * 152, 304, 2),
        ("€" * 153, 306, 3),
    ],
)
def test_gsm_7_counts_septets(text: str, characters: int, segments: int) -> None:
    """One segment holds 160 septets, several hold 153 each, and none ends inside an escape."""
    assert measure(text) == TextLength("GSM-7", characters, segments)


@pytest.mark.parametrize(
    ("text", "characters", "segments"),
    [
        ("ж", 1, 1),
        ("ж" * 70, 70, 1),
        ("ж" * 71, 71, 2),
        ("ж" * 134, 134, 2),
        ("ж" * 135, 135, 3),
        ("a" * 70 + "ж", 71, 2),
        ("€" * 69 + "ж", 70, 1),
        ("😀", 2, 1),
        ("😀" * 35, 70, 1),
        ("😀" * 36, 72, 2),
        ("ж" * 66 + "😀" + "ж" * 65, 133, 2),
        ("ж" * 66 + "😀" + "ж" * 66, 134, 3),
        ("😀" * 66, 132, 2),
        ("😀" * 67, 134, 3),
    ],
)
def test_ucs_2_counts_utf_16_code_units(text: str, characters: int, segments: int) -> None:
    """One segment holds 70 code units, several hold 67 each, and none splits a surrogate pair."""
    assert measure(text) == TextLength("UCS-2", characters, segments)


@pytest.mark.parametrize("text", ["`", "ç", "á", "\t", "\x1b", "\xa0", "\u2019", "\u0391"])
def test_look_alikes_are_not_gsm_7(text: str) -> None:
    """A tab, a small cedilla, a typographic quote and a Greek capital alpha need UCS-2."""
    assert measure(f"plain {text}").encoding == "UCS-2"


def test_the_alphabet_has_its_127_characters_and_ten_more() -> None:
    """Every character of the alphabet takes one septet, every one of its extension two."""
    assert [measure(c) for c in GSM_7] == [TextLength("GSM-7", 1, 1)] * 127
    assert [measure(c) for c in EXTENSION] == [TextLength("GSM-7", 2, 1)] * 10


TEXTS = st.text(st.sampled_from(GSM_7 + EXTENSION), max_size=400) | st.text(
    st.sampled_from("aж€😀\ud800"), max_size=200
)


@given(TEXTS, TEXTS)
def test_a_longer_text_never_takes_less(text: str, more: str) -> None:
    """Appending to a text takes no segment away."""
    assert measure(text).segments <= measure(text + more).segments


@given(st.text(max_size=300))
def test_ucs_2_characters_are_what_utf_16_makes_of_them(text: str) -> None:
    """In UCS-2, characters are counted as UTF-16 code units."""
    length = measure(text + "ж")
    assert length.characters == len((text + "ж").encode("utf-16-be", "surrogatepass")) // 2


@given(TEXTS)
def test_segments_hold_what_they_are_given(text: str) -> None:
    """Segments are as few as their room allows, but for one place each that a pair leaves free."""
    encoding, characters, segments = measure(text)
    single, each = (160, 153) if encoding == "GSM-7" else (70, 67)
    if characters <= single:
        assert segments == min(characters, 1)
    else:
        assert -(-characters // each) <= segments <= -(-characters // (each - 1))
