"""E-mail addresses are read by the rules of the field's library, everywhere alike."""

import pytest

from functions.domain.contacts.addresses import check_sender
from functions.domain.contacts.contact import read_details
from functions.domain.contacts.emails import read_email
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind

GOOD = [
    ("ann@example.com", "ann@example.com"),
    ("  Ann.Lee+news@Example.COM\n", "ann.lee+news@example.com"),
    ("o'neil_#1@mail.example.co.uk", "o'neil_#1@mail.example.co.uk"),
    # A domain in another script, its ASCII spelling, and full-width letters.
    ("anna@bücher.example", "anna@xn--bcher-kva.example"),
    ("anna@XN--bcher-kva.example", "anna@xn--bcher-kva.example"),
    ("info@例え.jp", "info@xn--r8jz45g.jp"),
    ("a@\uff45xample\u3002com", "a@example.com"),
    ("", ""),
]
BAD = [
    ("ann", "must have an @-sign"),
    ("@example.com", "something before the @-sign"),
    ("ann@", "something after the @-sign"),
    ("a@1.2.3.4", "not within a valid top-level domain"),
    ("a@[1.2.3.4]", "bracketed IP address"),
    ("a@example.123", "not within a valid top-level domain"),
    ("a@localhost", "should have a period"),
    ("a@printer.local", "special-use or reserved"),
    ("a@-example.com", "hyphen immediately after the @-sign"),
    ("a@ex_ample.com", "invalid characters: '_'"),
    ("a..b@example.com", "two periods in a row"),
    ("a@example.com.", "cannot end with a period"),
    ('"a b"@example.com', "Quoting"),
    ("a b@example.com", "SPACE"),
    ("Ann <a@example.com>", "display name"),
    ("mailto:a@example.com", "':'"),
    ("a@example.com,b@example.com", "invalid characters"),
    ("jörg@example.com", "Internationalized characters before the @-sign"),
    ("a\n@example.com", "U+000A"),
    ("a@exam\u200bple.com", "ZERO WIDTH SPACE"),
    ("a@\ud800.com", "U+D800"),
    ("a" * 65 + "@example.com", "more than 64 characters stand before the @"),
    ("a@" + "b" * 64 + ".com", "too many"),
    ("a" * 60 + "@" + ".".join(["b" * 60] * 3) + ".international", "more than 254 characters"),
]


@pytest.mark.parametrize(("written", "stored"), GOOD)
def test_a_mailbox_has_one_spelling(written: str, stored: str) -> None:
    """An address is stored in lower case, its domain as mail servers name it."""
    assert read_email(written) == stored


@pytest.mark.parametrize(("written", "reason"), BAD)
def test_what_is_no_address_is_refused_with_the_rule_it_breaks(written: str, reason: str) -> None:
    """The sentence names the field, how an address looks, and what is wrong with this one."""
    with pytest.raises(InvalidFieldError) as refused:
        read_email(written, field="emails")
    assert refused.value.field == "emails"
    assert str(refused.value).startswith("emails: must look like name@example.com: ")
    assert reason in str(refused.value)


@pytest.mark.parametrize("written", ["Ann@Bücher.example", "a@1.2.3.4"])
def test_people_and_senders_are_read_by_the_same_rules(written: str) -> None:
    """What is an address for a contact is one for a sender, and in the same spelling."""

    def of_contact() -> str:
        return str(read_details({"email": written})["email"])

    def of_sender() -> str:
        return check_sender(ChannelKind.EMAIL, f"Shop <{written}>", field="sender")

    if "1.2.3.4" in written:
        for read in (of_contact, of_sender):
            with pytest.raises(InvalidFieldError, match="valid top-level domain"):
                read()
    else:
        assert of_sender() == f"Shop <{of_contact()}>"
