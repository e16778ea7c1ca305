"""Callback URLs: what goes in comes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.channels.callback_urls import Callback, CallbackEvent, callback_url, parse_callback
from functions.domain.messages.delivery_events import MessageRef

IDS = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: text not in {".", ".."}
)


@given(IDS, IDS, IDS, st.sampled_from(CallbackEvent), st.integers(0, 999_999_999))
def test_what_a_url_is_built_from_is_read_back(
    org: str, campaign: str, message: str, event: CallbackEvent, attempt: int
) -> None:
    """Any ids survive the way through a URL, whatever they hold."""
    callback = Callback("plivo", event, MessageRef(org, campaign, message), attempt)
    assert parse_callback(callback_url("https://x.example/base/", callback)) == callback


def test_a_url_is_readable() -> None:
    """The URL spells out provider, event, organisation, campaign, message and attempt."""
    callback = Callback("plivo", CallbackEvent.RING, MessageRef("acme", "c1", "m 1"), 2)
    url = callback_url("https://x.example", callback)
    assert url == "https://x.example/webhooks/plivo/ring/acme/c1/m%201/2"


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/", "path must be"),
        ("/webhooks/plivo/ring/acme/c1/m1", "path must be"),
        ("/webhooks/plivo/ring/acme//m1/1", "path must be"),
        ("/webhoops/plivo/ring/acme/c1/m1/1", "path must be"),
        ("/webhooks/plivo/sing/acme/c1/m1/1", "'sing' is not an event"),
        ("/webhooks/plivo/ring/acme/c1/m1/one", "'one' is not the number"),
        ("/webhooks/plivo/ring/acme/c1/m1/-1", "'-1' is not the number"),
        ("/webhooks/plivo/ring/acme/c1/m1/1000000000", "is not the number"),
        ("/webhooks/plivo/ring/acme/c1/%2e%2e/1", "'..' cannot be an id"),
        ("/webhooks/plivo/ring/acme/c1%2fx/m1/1", "'c1/x' cannot be an id"),
    ],
)
def test_a_malformed_url_is_refused_with_a_sentence(path: str, named: str) -> None:
    """A URL that is not a callback's raises ValueError saying what is wrong with it."""
    with pytest.raises(ValueError, match=named):
        parse_callback("https://x.example" + path)
