"""The words by which people opt out, and back in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.contacts.opt_out_keywords import Keyword, word_of

OUT = (
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "REVOKE",
    "OPTOUT",
    "OPT OUT",
    "QUIT",
)
IN = ("START", "YES", "UNSTOP")


@pytest.mark.parametrize("word", OUT)
def test_each_opt_out_word_is_heard(word: str) -> None:
    """Every word of the list, whatever its case, asks us to stop."""
    assert {word_of(word), word_of(word.lower()), word_of(word.title())} == {Keyword.OUT}


@pytest.mark.parametrize("word", IN)
def test_each_opt_in_word_is_heard(word: str) -> None:
    """Every word of the other list asks us to go on."""
    assert {word_of(word), word_of(word.lower()), word_of(word.title())} == {Keyword.IN}


@pytest.mark.parametrize(
    "text",
    [
        " stop\n",
        "Stop!",
        "STOP.",
        '"stop"',
        "“Stop”",
        "s.t.o.p",
        "stop 🛑",
        "ＳＴＯＰ",  # noqa: RUF001 - full width, as East Asian keyboards write it
        "stop\u200b",
        "\ufeffstop",
        "opt-out",
        "Opt  out.",
        "OPT\u00a0OUT",
        "STOP" + " " * 1000,
    ],
)
def test_decoration_does_not_count(text: str) -> None:
    """Punctuation, blanks, emoji, width and invisible signs around the word are folded away."""
    assert word_of(text) is Keyword.OUT


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "!",
        "please stop",
        "stop it",
        "don't stop",
        "the end",
        "yes please",
        "stop start",
        "st op",
        "unstoppable",
        "🛑",
        "stop" * 1000,
    ],
)
def test_more_than_the_word_is_a_reply(text: str) -> None:
    """Only a text that is nothing but one of the words is taken for a wish."""
    assert word_of(text) is None


@given(st.text())
def test_any_text_at_all_can_be_read(text: str) -> None:
    """Whatever somebody writes, it is a wish or a reply, and never an error."""
    assert word_of(text) in {Keyword.OUT, Keyword.IN, None}


@given(st.sampled_from(OUT), st.text(alphabet=" \t\n.,!?*'\"()", max_size=10))
def test_what_stands_around_a_word_never_hides_it(word: str, around: str) -> None:
    """A failed opt-out is the worst of all: no punctuation before or after a word keeps it."""
    assert word_of(around + word + around[::-1]) is Keyword.OUT
