"""A sender belongs to whoever it was granted to, however it is written."""

import pytest

from functions.domain.contacts.sender_lists import (
    covers,
    covers_template,
    not_among,
    read_entries,
    read_grants,
)
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind

ENTRIES = read_entries(
    [
        "+1 (202) 555-0111",
        "News@Acme.example",
        "@mail.acme.example",
        "acme.co.uk",
        "ACME",
        "12345",
        "MG" + "0A" * 16,
        "106540352242922",
        "template:acme_*",
        "template:HX" + "0" * 32,
    ],
    field="acme",
)


@pytest.mark.parametrize(
    ("channel", "sender", "allowed"),
    [
        (ChannelKind.VOICE, "+12025550111", True),
        (ChannelKind.SMS, "+12025550111", True),
        (ChannelKind.WHATSAPP, "+12025550111", True),
        (ChannelKind.VOICE, "+12025550112", False),
        (ChannelKind.SMS, "Acme", True),
        (ChannelKind.SMS, "ACMEX", False),
        (ChannelKind.SMS, "12345", True),
        (ChannelKind.SMS, "MG" + "0a" * 16, True),
        (ChannelKind.SMS, "MG" + "0b" * 16, False),
        (ChannelKind.WHATSAPP, "106540352242922", True),
        (ChannelKind.WHATSAPP, "106540352242923", False),
        (ChannelKind.EMAIL, "news@acme.example", True),
        (ChannelKind.EMAIL, "Acme <NEWS@acme.example>", True),
        (ChannelKind.EMAIL, "other@acme.example", False),
        (ChannelKind.EMAIL, "anybody@mail.acme.example", True),
        (ChannelKind.EMAIL, "anybody@acme.co.uk", True),
        (ChannelKind.EMAIL, "anybody@evil.mail.acme.example", False),
        (ChannelKind.EMAIL, '"news@acme.example" <me@globex.example>', False),
        (ChannelKind.EMAIL, "me@evilacme.co.uk", False),
        (ChannelKind.WEBHOOK, "any name", True),
    ],
)
def test_a_sender_is_compared_as_people_see_it(
    channel: ChannelKind, sender: str, allowed: bool
) -> None:
    """Spelling and names beside an address do not matter; other numbers and domains do."""
    assert covers(ENTRIES, channel, sender) is allowed


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("acme_sale", True),
        ("acme_", True),
        ("acme", False),
        ("globex_acme_sale", False),
        ("HX" + "0" * 32, True),
        ("HX" + "1" * 32, False),
    ],
)
def test_a_providers_text_is_granted_by_name_or_by_how_it_begins(name: str, allowed: bool) -> None:
    """`template:acme_*` grants all that begin so, `template:NAME` one."""
    assert covers_template(ENTRIES, name) is allowed


@pytest.mark.parametrize(
    "entry",
    ["", "+12", "a b", "@", "@nodot", "name@1.2.3.4", "template:", "template:a b", "a" * 41],
)
def test_an_entry_that_grants_nothing_is_refused(entry: str) -> None:
    """A slip in the list is told where it is written, not when somebody is refused."""
    with pytest.raises(InvalidFieldError):
        read_entries([entry], field="acme")


def test_who_is_not_in_the_list_may_use_what_all_may_and_nothing_else() -> None:
    """Without any list everybody uses anything; with one, only what is granted."""
    assert read_grants({}).of("acme") is None
    grants = read_grants({"acme": ["ACME"], "*": ["12345"]})
    assert grants.of("acme") == frozenset({"acme", "12345"})
    assert grants.of("globex") == frozenset({"12345"})
    assert read_grants({"acme": []}).of("globex") == frozenset()


def test_a_refusal_says_what_may_be_used_instead() -> None:
    """The sentence names the sender, and the first few of one's own."""
    told = not_among("+12025550112", read_entries(["+12025550111"], field="acme"))
    assert told == "this organisation may not use +12025550112, but: +12025550111"
    assert not_among("x", []).endswith("but: nothing")
    many = [f"NAME{number}" for number in range(7)]
    assert not_among("x", read_entries(many, field="acme")).endswith("name4 and 2 more")
