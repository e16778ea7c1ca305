"""Addresses: where a channel reaches somebody, and what it may send from."""

import pytest

from functions.domain.contacts.addresses import address_for, check_sender
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind

PHONE, MAIL = "+12025550100", "ann@example.com"


@pytest.mark.parametrize(
    ("channel", "both", "phone_only", "mail_only"),
    [
        (ChannelKind.VOICE, PHONE, PHONE, ""),
        (ChannelKind.SMS, PHONE, PHONE, ""),
        (ChannelKind.WHATSAPP, PHONE, PHONE, ""),
        (ChannelKind.EMAIL, MAIL, "", MAIL),
        (ChannelKind.WEBHOOK, PHONE, PHONE, MAIL),
    ],
)
def test_a_channel_reaches_its_own_kind_of_address(
    channel: ChannelKind, both: str, phone_only: str, mail_only: str
) -> None:
    """Mails need an e-mail address, calls and texts a number; a webhook takes what there is."""
    assert address_for(channel, phone=PHONE, email=MAIL) == both
    assert address_for(channel, phone=PHONE, email="") == phone_only
    assert address_for(channel, phone="", email=MAIL) == mail_only


@pytest.mark.parametrize(
    ("channel", "text", "stored"),
    [
        (ChannelKind.VOICE, "+1 (202) 555-0100", PHONE),
        (ChannelKind.WHATSAPP, PHONE, PHONE),
        (ChannelKind.SMS, "+1 202 555 0100", PHONE),
        (ChannelKind.SMS, "CLARION", "CLARION"),
        (ChannelKind.SMS, "4Sale", "4Sale"),
        (ChannelKind.SMS, "12345", "12345"),
        (ChannelKind.SMS, "MG" + "0a" * 16, "MG" + "0a" * 16),
        (ChannelKind.EMAIL, " News@Example.com ", "news@example.com"),
        (ChannelKind.EMAIL, "Ann Sol <Ann@Example.com>", "Ann Sol <ann@example.com>"),
        (ChannelKind.EMAIL, "Söl <ann@example.com>", "Söl <ann@example.com>"),
        (ChannelKind.EMAIL, "Sol, Inc. <ann@example.com>", '"Sol, Inc." <ann@example.com>'),
        (ChannelKind.EMAIL, '"Sol, Inc." <ann@example.com>', '"Sol, Inc." <ann@example.com>'),
        (ChannelKind.EMAIL, "<ann@example.com>", "ann@example.com"),
        (ChannelKind.WEBHOOK, "Our shop", "Our shop"),
    ],
)
def test_a_sender_is_stored_in_one_spelling(channel: ChannelKind, text: str, stored: str) -> None:
    """What each channel may send from, and storing what is stored changes nothing."""
    assert check_sender(channel, text, field="sender") == stored
    assert check_sender(channel, stored, field="sender") == stored


@pytest.mark.parametrize(
    ("channel", "text"),
    [
        (ChannelKind.VOICE, "CLARION"),
        (ChannelKind.VOICE, MAIL),
        (ChannelKind.WHATSAPP, "12345"),
        (ChannelKind.SMS, "TWELVELETTER"),
        (ChannelKind.SMS, "1234567"),
        (ChannelKind.SMS, "OUR SHOP"),
        (ChannelKind.SMS, "ÄRZTE"),
        (ChannelKind.SMS, "MG" + "0a" * 15),
        (ChannelKind.EMAIL, PHONE),
        (ChannelKind.EMAIL, ""),
        (ChannelKind.EMAIL, "Ann <>"),
        (ChannelKind.EMAIL, "Ann <ann@example>"),
        (ChannelKind.EMAIL, "Ann <ann@example.com> Bob"),
        (ChannelKind.EMAIL, "Ann\nBcc: x <ann@example.com>"),
        (ChannelKind.EMAIL, 'Ann "Al" Sol <ann@example.com>'),
        (ChannelKind.EMAIL, "A" * 101 + " <ann@example.com>"),
        (ChannelKind.EMAIL, "a\\b <ann@example.com>"),
        (ChannelKind.EMAIL, "a" * 250 + "@example.com"),
        (ChannelKind.WEBHOOK, "two\nlines"),
    ],
)
def test_what_no_channel_of_that_kind_sends_from_is_refused(
    channel: ChannelKind, text: str
) -> None:
    """The error names the field as the caller writes it."""
    with pytest.raises(InvalidFieldError, match=r"senders\.x: ") as caught:
        check_sender(channel, text, field="senders.x")
    assert caught.value.field == "senders.x"
