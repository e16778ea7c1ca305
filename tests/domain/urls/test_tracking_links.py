"""The signed links of mails: what we made is read, and nothing else is."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from functions.domain.messages.delivery_events import MessageRef
from functions.domain.urls.tracking_links import Link, Links, Purpose

LINKS = Links("a secret of at least thirty-two bytes")
REF = MessageRef("acme", "c1", "m1")
TARGET = "https://shop.example/a?b=1&c=%20/d#e"

_IDS = st.text("abcXYZ019_-", min_size=1, max_size=64)
LINKED = st.builds(
    Link,
    st.sampled_from(Purpose),
    st.builds(MessageRef, _IDS, _IDS, _IDS),
    st.integers(1, 10**9),
    st.text(st.characters(exclude_categories=["Cs"])),
)


@given(LINKED)
def test_what_was_signed_is_read(link: Link) -> None:
    """A link comes back whole, whatever its target is made of."""
    assert LINKS.read(link.purpose, LINKS.token(link)) == link


@given(LINKED, st.data())
def test_a_changed_character_is_refused(link: Link, data: st.DataObject) -> None:
    """Any other character at any place makes a token count for nothing."""
    token = LINKS.token(link)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda each: each != token[at]))
    assert LINKS.read(link.purpose, token[:at] + other + token[at + 1 :]) is None


@given(LINKED, st.text("abcdefgh-_=\n .", min_size=1, max_size=5), st.data())
def test_what_is_put_in_is_refused(link: Link, more: str, data: st.DataObject) -> None:
    """Whatever is put into a token, before it or behind it, makes it count for nothing."""
    token = LINKS.token(link)
    at = data.draw(st.integers(0, len(token)))
    assert LINKS.read(link.purpose, token[:at] + more + token[at:]) is None


@given(LINKED, st.data())
def test_what_is_cut_off_is_refused(link: Link, data: st.DataObject) -> None:
    """Half a token, such as a mail program's line break leaves, counts for nothing."""
    token = LINKS.token(link)
    assert LINKS.read(link.purpose, token[: data.draw(st.integers(0, len(token) - 1))]) is None


@given(LINKED, LINKED)
def test_a_signature_counts_for_one_content(one: Link, other: Link) -> None:
    """The signature of one link beside the content of another counts for nothing."""
    assume(one[1:] != other[1:])
    first, second = (_raw(LINKS.token(each)) for each in (one, other))
    for purpose in Purpose:
        mixed = urlsafe_b64encode(first[:-16] + second[-16:]).rstrip(b"=").decode()
        assert LINKS.read(purpose, mixed) is None


@given(st.text(max_size=300))
def test_nonsense_is_refused(token: str) -> None:
    """Whatever somebody writes in a link's place is refused, and breaks nothing."""
    assert all(LINKS.read(purpose, token) is None for purpose in Purpose)


@pytest.mark.parametrize("made_for", Purpose)
@pytest.mark.parametrize("used_for", Purpose)
def test_a_link_serves_its_own_purpose(made_for: Purpose, used_for: Purpose) -> None:
    """A picture's link does not unsubscribe, and so on for each pair of purposes."""
    read = LINKS.read(used_for, LINKS.token(Link(made_for, REF, 1)))
    assert (read is not None) == (made_for is used_for)


def test_another_secret_s_link_is_refused() -> None:
    """Links of another deployment, or of a secret that was replaced, count for nothing."""
    token = Links("another secret, of another house").token(Link(Purpose.CLICK, REF, 1, TARGET))
    assert LINKS.read(Purpose.CLICK, token) is None


@pytest.mark.parametrize(
    ("purpose", "begins", "ends"),
    [
        (Purpose.UNSUBSCRIBE, "https://app.example/links/u/", ""),
        (Purpose.OPEN, "https://app.example/links/o/", ".gif"),
        (Purpose.CLICK, "https://app.example/links/c/", ""),
    ],
)
def test_a_link_is_a_short_url(purpose: Purpose, begins: str, ends: str) -> None:
    """A link is one segment below its purpose's path, of characters that nobody has to quote."""
    link = Link(purpose, REF, 1)
    url = LINKS.url("https://app.example", link)
    token = url.removeprefix(begins).removesuffix(ends)
    assert url == f"{begins}{token}{ends}"
    assert LINKS.read(purpose, token) == link
    assert len(token) < 50
    assert token.replace("-", "").replace("_", "").isalnum()


def _raw(token: str) -> bytes:
    return urlsafe_b64decode(token + "=" * (-len(token) % 4))
