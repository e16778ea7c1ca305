"""The words by which people opt out, and back in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.contacts.opt_out_keywords import (
    HELP_WORDS,
    IN_WORDS,
    OPTIONAL_OUT_WORDS,
    OUT_WORDS,
    Keyword,
    Words,
    check_words,
    tidied,
    word_of,
)
from functions.domain.errors import InvalidFieldError

#: What the law and Twilio's defaults name.
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


@pytest.mark.parametrize("word", [*OUT, *OUT_WORDS])
def test_each_opt_out_word_is_heard(word: str) -> None:
    """Every word of the list, whatever its case, asks us to stop."""
    assert {word_of(word), word_of(word.lower()), word_of(word.title())} == {Keyword.OUT}


@pytest.mark.parametrize("word", [*IN, *IN_WORDS])
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
        "stop all",
        "Stop-All!!!",
        "STOP_ALL",
        "STOP ✋\ufe0f",
        "⛔\ufe0f STOP ⛔\ufe0f",
        "👨\u200d👩\u200d👧 stop",
        "STOP 1\ufe0f\u20e3".replace("1", "#"),
        "'STOP'",
        "«stop»",
        "Stop stop STOP",
        "stop\n\nstop",
        "s\u0301top",
        "opt_out",
        "Stop promotions",
        "UNSUBSCRIBE ME!",
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
        "stop by at five",
        "stop 12",
        "cancel my appointment",
        "non-stop",
        "HELP",
        "info",
        "st op",
        "unstoppable",
        "🛑",
        "stop" * 1000,
    ],
)
def test_more_than_the_word_is_a_reply(text: str) -> None:
    """Only a text that is nothing but one of the words is taken for a wish."""
    assert word_of(text) is None


@pytest.mark.parametrize(
    ("language", "word"),
    [(language, word) for language, words in OPTIONAL_OUT_WORDS.items() for word in words],
)
def test_an_optional_word_counts_for_whoever_has_added_it(language: str, word: str) -> None:
    """A word of another language is a reply, unless the organisation has made it one that stops."""
    own = {language: [word]}
    check_words(own, {})
    assert word_of(word) is None
    assert {word_of(each, own) for each in (word, word.lower(), f"{word}!")} == {Keyword.OUT}


@pytest.mark.parametrize(
    ("own", "text"),
    [
        ({"fr": ["ARRÊT"]}, "arret"),
        ({"fr": ["ARRET"]}, "Arrêt."),
        ({"tr": ["İPTAL"]}, "iptal"),
        ({"tr": ["IPTAL"]}, "\u0131ptal"),
        ({"hi": ["रोकें"]}, "रोकें!"),
        ({"ja": ["停止"]}, "停止。"),
        ({"ar": ["توقف"]}, " توقف "),
        ({"en": ["please stop"]}, "Please, stop"),
        ({"es": ["ALTO"], "pt-BR": ["SAIR"]}, "sair"),
    ],
)
def test_an_organisations_own_words_are_heard_in_any_script(own: Words, text: str) -> None:
    """Accents and case do not count, other scripts do, and a phrase may be a word."""
    check_words(own, {})
    assert word_of(text, own) is Keyword.OUT
    assert word_of(text, {}, own) is Keyword.IN
    assert word_of(f"{text} {text} x", own) is None


@pytest.mark.parametrize(
    ("out_words", "in_words", "told"),
    [
        ({"english": ["X"]}, {}, "opt_out_words.english: must be a language"),
        ({"en": []}, {}, "opt_out_words.en: must hold 1 to 50 words"),
        ({"en": ["x"] * 51}, {}, "opt_out_words.en: must hold 1 to 50 words"),
        ({"en": ["!?"]}, {}, "'!\\?' has no letters"),
        ({"en": ["😀"]}, {}, "'😀' has no letters"),
        ({"en": ["\0halt"]}, {}, "'\\?halt' has characters that nobody sees"),
        ({"en": ["\ud800x"]}, {}, "'\\?x' has characters"),
        ({"en": ["x" * 61]}, {}, "at most 60 characters"),
        ({"en": ["Start!"]}, {}, "'Start!' always opts in"),
        ({"en": ["help"]}, {}, "'help' asks for help"),
        ({}, {"en": ["Stop"]}, "opt_in_words.en: 'Stop' always opts out"),
        ({"es": ["SI"]}, {"it": ["sì"]}, "opt_out_words.es: 'SI' stands in opt_in_words too"),
    ],
)
def test_words_that_are_none_or_mean_two_things_are_refused(
    out_words: Words, in_words: Words, told: str
) -> None:
    """The field, the word and the rule are named."""
    with pytest.raises(InvalidFieldError, match=told):
        check_words(out_words, in_words)


def test_words_are_stored_each_once() -> None:
    """The first way in which a word was written is kept."""
    assert tidied({"fr": [" ARRET", "arrêt!", "FIN"]}) == {"fr": ["ARRET", "FIN"]}


@pytest.mark.parametrize("word", HELP_WORDS)
def test_help_is_no_wish(word: str) -> None:
    """Who asks for help is neither out nor in."""
    assert word_of(word) is None


@given(st.text())
def test_any_text_at_all_can_be_read(text: str) -> None:
    """Whatever somebody writes, it is a wish or a reply, and never an error."""
    assert word_of(text) in {Keyword.OUT, Keyword.IN, None}


@given(st.sampled_from(OUT), st.text(alphabet=" \t\n.,!?*'\"()", max_size=10))
def test_what_stands_around_a_word_never_hides_it(word: str, around: str) -> None:
    """A failed opt-out is the worst of all: no punctuation before or after a word keeps it."""
    assert word_of(around + word + around[::-1]) is Keyword.OUT
