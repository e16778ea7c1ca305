"""Links in a mail's text: where each ends, and that no word of the text is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.channels.mail.text_links import links_in, replaced
from functions.domain.urls.public_urls import MAX_URL_LENGTH
from functions.domain.urls.tracking_links import Purpose
from tests.channels.mail.rig import BASE, LINKS
from tests.channels.mail.test_composer import click, composed, part


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("詳細はhttps://foo.example/xをご覧ください。", "詳細は*をご覧ください。"),
        ("请看https://foo.example/x查看详情。", "请看*查看详情。"),
        ("링크 https://a.example/x에서", "링크 *에서"),
        ("https://a.exampleをご覧", "*をご覧"),
        ("https://日本語.jp/xをご覧", "*をご覧"),
        ("「https://a.example」", "「*」"),
        ("https://a.example/x）です", "*）です"),  # noqa: RUF001
        ("https://a.example/x，https://b.example/y", "*，*"),  # noqa: RUF001
        ("(https://a.example/x)", "(*)"),
        ("(see https://en.wikipedia.org/wiki/Foo_(bar)).", "(see *)."),
        ("https://a.example/x, https://a.example/x! https://a.example/x...", "*, *! *..."),
        ("“https://a.example/x” ‘https://a.example/x’ 'https://a.example'", "“*” ‘*’ '*'"),  # noqa: RUF001
        ("https://a.example/x’s", "*’s"),  # noqa: RUF001
        ("https://a.example/x—and https://a.example/x…", "*—and *…"),
        ("https://a.example/x🎉", "*🎉"),
        ("<https://a.example/x> [x](https://a.example/x)", "<*> [x](*)"),
        ("*https://a.example/x* _https://a.example/x_", "*** _*_"),
        ("https://a.example/x_", "*"),
        ("https://a.example:8443/x?a=1&amp;b=2#f", "*"),
        ("https://пример.рф/путь HTTPS://A.example/Café", "* *"),
        ("https://a.example,https://b.example/x", "*,*"),
        ("https://web.archive.org/web/https://x.example/y", "*"),
        ("\u202ahttps://a.example/x\u202c", "\u202a*\u202c"),
        ("http://localhost:8080/x http://1.2.3.4/", "* *"),
    ],
)
def test_a_link_ends_where_its_reader_would_end_it(text: str, left: str) -> None:
    """Everything beside the links stays, character by character."""
    assert replaced(text, lambda _: "*") == left


@pytest.mark.parametrize(
    "text",
    [
        "https://ja.wikipedia.org/wiki/日本をご覧",
        "https://a.example/?q=日本",
        "https://a.example/をご覧",
        "xhttps://a.example/x",
        "https:// http://",
        "https://[2001:db8::1]/x",
        "https://a.example/" + "a" * MAX_URL_LENGTH,
        "ftp://a.example mailto:a@b.example www.a.example",
    ],
)
def test_what_cannot_be_told_stays_as_it_was_written(text: str) -> None:
    """It is not led by way of us, and nobody loses a word or lands elsewhere."""
    assert part(composed(body=text), "plain").startswith(f"{text}\n\nUnsubscribe: ")


@given(
    st.lists(st.sampled_from(["https://", "a.example", "/x", "を", "(", ")", ",", " ", "é", "_"]))
)
def test_no_word_is_lost(pieces: list[str]) -> None:
    """Links put back where they stood make the text that was written."""
    text = "".join(pieces)
    assert replaced(text, str) == text
    assert all(text.startswith(each.url, each.start) for each in links_in(text))


def test_words_behind_a_link_that_a_mail_program_takes_for_it_do_no_harm() -> None:
    """The link leads on, whatever script without blanks follows it."""
    made = composed(body="https://foo.example/xをご覧ください")
    assert part(made, "plain").startswith(f"{click('https://foo.example/x')}をご覧ください")
    token = click("https://foo.example/x").removeprefix(f"{BASE}/links/c/")
    link = LINKS.read(Purpose.CLICK, f"{token}をご覧ください")
    assert link is not None
    assert link.target == "https://foo.example/x"
