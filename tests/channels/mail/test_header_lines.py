"""What a reader sees of subjects and of senders' names: all that was written, in one line."""

import pytest

from functions.domain.campaigns.content import ParsedContent, Texts
from tests.channels.mail.test_composer import composed, read

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (f"{FAMILY} day", f"{FAMILY} day"),
        ("\u2764\ufe0f for you", "\u2764\ufe0f for you"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        (
            "\u200f\u05e9\u05dc\u05d5\u05dd\u200f 5\u00a0%",
            "\u200f\u05e9\u05dc\u05d5\u05dd\u200f 5\u00a0%",
        ),
        ("\u2067abc\u2069", "\u2067abc\u2069"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001f3f4\U000e0067\U000e0062\U000e007f"),
        ("a  b", "a  b"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\r\nBcc: b\x00\x7f\u2028c", "a Bcc: b c"),
        ("=?utf-8?q?Boo?=", "=?utf-8?q?Boo?="),
    ],
)
def test_only_line_breaks_and_control_characters_leave_a_subject(written: str, shown: str) -> None:
    """Joiners, variants and marks of direction are a part of words; an override is none."""
    made = composed(subject=written)
    assert read(made)["Subject"] == shown
    assert ParsedContent.parse(Texts("x", written)).render({}).subject == shown


def test_a_senders_name_keeps_its_joiners() -> None:
    """A family stays together in the name too."""
    made = composed(sender=f"{FAMILY} Shop <ana@shop.example>")
    assert read(made)["From"] == f"{FAMILY} Shop <ana@shop.example>"
