"""What a mail looks like: headers, parts, links, and that nobody can put in more."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.channels.mail.composer import Composer, Mail
from functions.channels.mail.tracking import MARK
from functions.domain.messages.delivery_events import Retry
from functions.domain.messages.send_outcomes import Rejected
from functions.domain.urls.tracking_links import Link, Purpose
from tests.channels.conformance import REF
from tests.channels.mail.rig import BASE, LINKS, mail

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
UNSUBSCRIBE = LINKS.url(BASE, Link(Purpose.UNSUBSCRIBE, REF, 1))
PICTURE = LINKS.url(BASE, Link(Purpose.OPEN, REF, 1))
TRAP = LINKS.url(BASE, Link(Purpose.TRAP, REF, 1))
#: What stands at the end of HTML: a link that nobody sees, and a picture.
COUNTED = (
    f'<a href="{TRAP}" style="display:none" tabindex="-1" aria-hidden="true"></a>'
    f'<img src="{PICTURE}" width="1" height="1" alt="">'
)
PAGE = '<html><body><p>Hi</p><a class="b" href="https://shop.example/?a=1&amp;b=2">Shop</a></body>'


def composed(*, for_sendgrid: bool = False, **changes: Any) -> Mail:
    """Return an attempt's mail."""
    made = refused_or_mail(for_sendgrid=for_sendgrid, **changes)
    assert isinstance(made, Mail)
    return made


def refused_or_mail(*, for_sendgrid: bool = False, **changes: Any) -> Mail | Rejected:
    """Return what composing an attempt comes to."""
    composer = Composer(links=LINKS, public_base_url=BASE, for_sendgrid=for_sendgrid)
    return composer.compose(mail(**changes), at=NOON)


def read(made: Mail) -> EmailMessage:
    """Return a mail as its reader's program reads it."""
    message = message_from_bytes(made.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def part(made: Mail, kind: str) -> str:
    """Return a mail's text or HTML, as its reader sees it."""
    found = read(made).get_body((kind,))
    assert found is not None
    content: str = found.get_content()
    return content.replace("\r\n", "\n")


def click(target: str) -> str:
    """Return the link that leads there by way of us."""
    return LINKS.url(BASE, Link(Purpose.CLICK, REF, 1, target))


# --- Headers ----------------------------------------------------------------------------------


def test_a_mail_says_whose_it_is_and_how_to_have_no_more() -> None:
    """Sender, recipient, subject, date, our own id, and the one-click link of RFC 8058."""
    headers = dict(read(composed()).items())
    assert (
        headers
        | {
            "From": "Ana <ana@shop.example>",
            "To": "zoe@home.example",
            "Subject": "News",
            "Date": "Mon, 02 Mar 2026 12:00:00 +0000",
            "Message-ID": "<m1.1.c1.acme@shop.example>",
            "List-Unsubscribe": f"<{UNSUBSCRIBE}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        == headers
    )


@pytest.mark.parametrize("own", ["", "leave@shop.example"])
def test_a_mail_may_be_unsubscribed_from_by_mail(own: str) -> None:
    """Beside the link, where somebody reads such mails; the organisation's address comes first."""
    composer = Composer(
        links=LINKS, public_base_url=BASE, for_sendgrid=False, unsubscribe_email="off@app.example"
    )
    sent = composer.compose(mail(unsubscribe_email=own, to="zoe+x@home.example"), at=NOON)
    assert isinstance(sent, Mail)
    one_click, by_mail = read(sent)["List-Unsubscribe"].split(", ")
    assert one_click.startswith(f"<{BASE}/links/u/")
    to = own or "off@app.example"
    assert by_mail == f"<mailto:{to}?subject=unsubscribe%20zoe%2Bx%40home.example>"


def test_an_attempt_has_an_id_of_its_own() -> None:
    """The same attempt has the same Message-ID whenever it is written, another has another."""
    assert composed().id == composed().id != composed(attempt=2).id


def test_only_sendgrid_is_told_what_to_tell_us() -> None:
    """Ids for SendGrid's events are in a mail only where its events are listened to."""
    told = read(composed(for_sendgrid=True))["X-SMTPAPI"]
    assert told == '{"unique_args": {"clarion": "/webhooks/smtp/receipt/acme/c1/m1/1"}}'
    assert "X-SMTPAPI" not in read(composed())


@pytest.mark.parametrize(
    ("sender", "address", "shown"),
    [
        ("ana@shop.example", "ana@shop.example", "ana@shop.example"),
        ("Ana <ana@shop.example>", "ana@shop.example", "Ana <ana@shop.example>"),
        ('"Shop, Ana" <ana@shop.example>', "ana@shop.example", '"Shop, Ana" <ana@shop.example>'),
        ("Zoé Müller <z@shop.example>", "z@shop.example", "Zoé Müller <z@shop.example>"),
        ("<ana@shop.example>", "ana@shop.example", "ana@shop.example"),
    ],
)
def test_a_sender_may_have_a_name(sender: str, address: str, shown: str) -> None:
    """The name is shown, whatever it is made of; the server is told the address alone."""
    made = composed(sender=sender)
    assert (made.sender, str(read(made)["From"])) == (address, shown)


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "Ana",
        "+15550100",
        "Ana <ana>",
        "a@b.example, c@d.example",
        "Ana\r\nBcc: x <a@b.example>",
    ],
)
def test_a_sender_that_is_no_address_stops_the_campaign(sender: str) -> None:
    """Every mail of it would be refused, so none is tried."""
    assert refused_or_mail(sender=sender) == Rejected("invalid_sender", Retry.STOP)


@pytest.mark.parametrize(
    "to", ["", "zoe", "a@b.example,c@d.example", "a@b.example\nBcc: c@d.example"]
)
def test_a_recipient_is_one_address(to: str) -> None:
    """What is no address, or is two, is refused."""
    assert refused_or_mail(to=to) == Rejected("invalid_address")


@given(st.text(st.characters(), max_size=200))
def test_no_subject_adds_a_header(subject: str) -> None:
    """Whatever a subject is made of, it stays one header."""
    message = read(composed(subject=subject))
    assert set(message.keys()) == set(read(composed()).keys())
    assert "\n" not in str(message["Subject"])


def test_a_subject_keeps_to_one_line() -> None:
    """A line break in somebody's name becomes a blank; what is not ASCII is encoded."""
    subject = read(composed(subject="Hello Zoé\r\nBcc: eve@evil.example\x00"))["Subject"]
    assert subject == "Hello Zoé Bcc: eve@evil.example"


@given(st.text(max_size=300), st.text(max_size=300))
def test_every_server_takes_a_mail(text: str, html: str) -> None:
    """A mail is ASCII, in lines of at most 998 characters, each ended as the wire wants it."""
    long = "x" * 1500
    content = composed(body=text + long, html=html, subject=long).content
    assert content.isascii()
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(b"\r" in line or b"\n" in line for line in lines)


# --- Parts and links --------------------------------------------------------------------------


def test_a_text_stays_a_text() -> None:
    """Without HTML a mail is one part, with the link in its last line."""
    made = composed(body="Hello Zoé\nFrom here on")
    assert read(made).get_content_type() == "text/plain"
    assert part(made, "plain") == f"Hello Zoé\nFrom here on\n\nUnsubscribe: {UNSUBSCRIBE}\n"


def test_html_comes_beside_the_text() -> None:
    """The reader's program chooses; both say how to unsubscribe, and HTML has the picture last."""
    made = composed(body="Hello", html=PAGE)
    assert read(made).get_content_type() == "multipart/alternative"
    assert part(made, "plain") == f"Hello\n\nUnsubscribe: {UNSUBSCRIBE}\n"
    html = part(made, "html")
    line = f'<p><a href="{UNSUBSCRIBE}">Unsubscribe</a></p>'
    assert html.endswith(f"{line}{COUNTED}</body>")


def test_html_alone_is_one_part() -> None:
    """Without a text there is no empty one beside the HTML."""
    made = composed(body="", html="<p>Hello")
    assert read(made).get_content_type() == "text/html"
    assert part(made, "html").startswith("<p>Hello<p><a href=")


def test_a_mail_of_nothing_can_still_be_unsubscribed() -> None:
    """Even where a template came out empty there is the link."""
    assert part(composed(body=""), "plain") == f"\n\nUnsubscribe: {UNSUBSCRIBE}\n"


@pytest.mark.parametrize(
    ("body", "html"),
    [(f"Bye: {MARK}", "<p>Hi</p>"), ("Hi", f'<a href="{MARK}">Bye</a>'), (f"Bye: {MARK}", "")],
)
def test_the_text_says_where_the_link_goes(body: str, html: str) -> None:
    """A part with a place for it gets no line, the other one does; the link is not counted."""
    made = composed(body=body, html=html)
    line = "" if MARK in body else f"\n\nUnsubscribe: {UNSUBSCRIBE}\n"
    assert part(made, "plain") == body.replace(MARK, UNSUBSCRIBE) + line
    if html:
        line = "" if MARK in html else f'<p><a href="{UNSUBSCRIBE}">Unsubscribe</a></p>'
        assert part(made, "html") == html.replace(MARK, UNSUBSCRIBE) + line + COUNTED


@pytest.mark.parametrize(
    "written",
    [
        "{unsubscribe_url}",
        "{{ unsubscribe_url }}",
        "{{unsubscribe_url}}",
        "%7Bunsubscribe_url%7D",
        "%7B%7B%20unsubscribe_url%20%7D%7D",
        "http://{unsubscribe_url}",
        "https://{{ unsubscribe_url }}",
    ],
)
def test_the_mark_of_a_link_works_in_every_spelling(written: str) -> None:
    """Also as editors of HTML write it into a link; and a part without it gets the link."""
    made = composed(body=f"Bye {written}", html=f'<a href="{written}">Bye</a>')
    assert part(made, "plain") == f"Bye {UNSUBSCRIBE}"
    assert part(made, "html").startswith(f'<a href="{UNSUBSCRIBE}">Bye</a>{COUNTED}')


def test_a_mark_that_nobody_sees_is_no_link() -> None:
    """The link stands in a comment of the HTML only, so a line with it is added."""
    made = composed(body="Hi", html=f"<p>Hi</p><!-- {MARK} -->")
    assert f'<a href="{UNSUBSCRIBE}">Unsubscribe</a>' in part(made, "html")


@pytest.mark.parametrize(
    ("text", "target", "rest"),
    [
        ("See https://shop.example.", "https://shop.example", "."),
        ("(https://shop.example/a)", "https://shop.example/a", ")"),
        ("https://en.example/A_(b) is", "https://en.example/A_(b)", " is"),
        ("HTTP://shop.example/?a=1&b=2, too", "HTTP://shop.example/?a=1&b=2", ", too"),
        ("<https://shop.example/größe>", "https://shop.example/größe", ">"),
    ],
)
def test_links_in_a_text_are_counted(text: str, target: str, rest: str) -> None:
    """A URL leads by way of us to just where it led; the sentence around it stays."""
    said = part(composed(body=f"{text} {MARK}"), "plain")
    assert said == f"{text.replace(target + rest, click(target) + rest)} {UNSUBSCRIBE}"


@pytest.mark.parametrize(
    ("tag", "target"),
    [
        ('<a href="https://shop.example/?a=1&amp;b=2">', "https://shop.example/?a=1&b=2"),
        ("<a href='https://shop.example/\"'>", 'https://shop.example/"'),
        ("<A\n  CLASS=x HREF = HTTPS://shop.example>", "HTTPS://shop.example"),
        ('<area href="https://shop.example">', "https://shop.example"),
        ('<a title="<b> href=no" href="https://shop.example">', "https://shop.example"),
        ('<a data-href="https://no.example" href="https://shop.example">', "https://shop.example"),
    ],
)
def test_links_in_html_are_counted(tag: str, target: str) -> None:
    """However a tag is written, its link leads by way of us, and the rest of it stays."""
    html = part(composed(html=tag), "html").removesuffix(COUNTED)
    (before,), (after,) = (_anchors(each) for each in (tag, html))
    assert after == {**before, "href": click(target)}


@pytest.mark.parametrize(
    "html",
    [
        '<a href="mailto:ana@shop.example">',
        '<a href="tel:+15550100">',
        '<a href="#top">',
        '<a href="javascript:alert(1)">',
        '<a name="https://shop.example">',
        '<img src="https://shop.example/a.png">',
        '<link href="https://shop.example/a.css">',
        f'<a href="{BASE}/links/u/x">',
        f'<a href="https://shop.example/{"x" * 3000}">',
        "<p>https://shop.example</p>",
    ],
)
def test_what_is_no_link_to_the_web_stays(html: str) -> None:
    """Only what a person would follow in a browser is led by way of us."""
    assert part(composed(html=html + MARK), "html").startswith(html + UNSUBSCRIBE)


@pytest.mark.parametrize("piece", ["<a ", "<a href=", '<a "', "<a '", "<a x='\"", "</body"])
def test_tags_that_never_end_stay(piece: str) -> None:
    """HTML of tags that never end leads nowhere; how long it takes is a figure of `make bench`."""
    assert part(composed(html=piece * 2000 + MARK), "html").startswith(piece * 2000 + UNSUBSCRIBE)


def test_a_link_that_never_ends_stays() -> None:
    """What is longer than any URL is not led by way of us, in a text either."""
    endless = "https://x.example/" + "a" * 5000
    assert part(composed(body=f"{endless} {MARK}"), "plain") == f"{endless} {UNSUBSCRIBE}"


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"a", "area"} and ("href", UNSUBSCRIBE) not in attrs:
            self.found.append(dict(attrs))


def _anchors(html: str) -> list[dict[str, str | None]]:
    """Return the attributes of the links in HTML, but for the one to unsubscribe."""
    parser = _Anchors()
    parser.feed(html)
    return parser.found
