"""Content: every part of what a campaign says, filled in for one person."""

import pytest

from functions.domain.campaigns.content import (
    MOST_BYTES,
    InvalidTemplateError,
    ParsedContent,
    Texts,
    read_at_once,
    written_at_once,
)
from functions.domain.templates.template import Missing, MissingFieldError, TemplateLimitError

MAIL = Texts(
    body="Hi {first_name}",
    subject="News for {first_name}",
    html="<p>{first_name}, {location}</p>",
    parameters=("{first_name}", '{{ location | default: "home" }}'),
)


def test_every_part_is_filled_in() -> None:
    """Text, subject, HTML and parameters are templates alike; only HTML is escaped."""
    told = ParsedContent.parse(MAIL).render({"first_name": "<Ann> & co", "location": "Nairobi"})
    assert told.body == "Hi <Ann> & co"
    assert told.subject == "News for <Ann> & co"
    assert told.html == "<p>&lt;Ann&gt; &amp; co, Nairobi</p>"
    assert told.parameters == ("<Ann> & co", "Nairobi")


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r", "\0", "\x0b", "\x85", "\u2028", "\n\n\n"])
def test_a_subject_stays_one_line(break_: str) -> None:
    """A value with a line break in it adds no header to a mail, and no line to a parameter."""
    told = ParsedContent.parse(MAIL).render({"first_name": f"Ann{break_}Bcc: all@example.com"})
    assert told.subject == "News for Ann Bcc: all@example.com"
    assert told.parameters[0] == "Ann Bcc: all@example.com"
    assert told.body == f"Hi Ann{break_}Bcc: all@example.com"


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        (Texts(body="Hi\n{{ x"), "text"),
        (Texts(subject="a\n{{ x"), "subject"),
        (Texts(html="<p>\n{{ x"), "html"),
        (Texts(parameters=["fine", "a\n{{ x"]), "parameters.1"),
    ],
)
def test_a_mistake_names_its_part_and_place(texts: Texts, field: str) -> None:
    """The error tells the field as the caller writes it, the line and the column."""
    with pytest.raises(InvalidTemplateError, match=r"Line 2, column 1") as caught:
        ParsedContent.parse(texts, body="text", prefix="fallbacks.0.")
    assert caught.value.field == f"fallbacks.0.{field}"
    assert caught.value.errors[0]["line"] == 2


def test_what_any_part_needs_is_missing() -> None:
    """A field that only the HTML uses is missing all the same, once."""
    content = ParsedContent.parse(MAIL)
    assert content.missing({}) == ["first_name", "location"]
    assert content.missing({"first_name": "Ann"}, defaults={"location": "x"}) == []
    with pytest.raises(MissingFieldError, match="location"):
        content.render({"first_name": "Ann"}, missing=Missing.REFUSE)
    filled = content.render(
        {"first_name": "Ann"}, missing=Missing.DEFAULT, defaults={"location": "home"}
    )
    assert filled.html == "<p>Ann, home</p>"


def test_what_is_said_to_one_person_has_an_end() -> None:
    """Parts that are large together are refused, before a store refuses the document."""
    content = ParsedContent.parse(Texts("{first_name}", html="{first_name}"))
    half = "€" * (MOST_BYTES // 6)
    assert content.render({"first_name": half}).bytes == MOST_BYTES // 6 * 6
    with pytest.raises(TemplateLimitError, match="bytes"):
        content.render({"first_name": half + "€"})


def test_only_what_is_said_is_stored() -> None:
    """A message holds no empty fields, and parameters as a list."""
    assert Texts("Hi", parameters=("a",)).stored == {"body": "Hi", "parameters": ["a"]}
    assert Texts().stored == {}


@pytest.mark.parametrize(
    ("texts", "written", "read"),
    [
        (Texts("Hello {first_name}!"), 1000, 6000),
        (Texts(html="x" * 100_000), 29, 238),
        (Texts(html="x" * 100_000_000), 1, 1),
    ],
)
def test_fewer_large_messages_are_handled_at_once(texts: Texts, written: int, read: int) -> None:
    """A commit stays below what a store takes, and what is read fits into memory."""
    assert written_at_once(texts, 1000) == written
    assert read_at_once(texts, 6000) == read
