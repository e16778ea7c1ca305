"""Which refusals of a mail server bar a mailbox, which are of us, and which are neither."""

from typing import Final

import pytest

from functions.channels.mail.refusals import MAILBOX_FULL, NOBODY, meaning, refusal

_LINK: Final = "https://support.google.com/mail/?p=NoSuchUser a1-20 - gsmtp"


@pytest.mark.parametrize(
    "text",
    [
        "No such user",
        "5.1.1 <zoe@home.example>: Recipient address rejected: User unknown in virtual table",
        "5.1.1 <policy@relay.example>: Recipient address rejected: User unknown",
        f"5.1.1 The email account that you tried to reach does not exist. Please {_LINK}",
        "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient zoe@home.example not found",
        "5.5.0 Requested action not taken: user unknown",
        "sorry, no mailbox here by that name. (#5.1.1)",
        "5.1.2 <zoe@nope.example>: Recipient address rejected: Domain not found",
        "delivery error: dd This user doesn't have a yahoo.com account (zoe@yahoo.com) [0]",
        "User zoe (zoe@home.example) not listed in Domino Directory",
        "5.1.1 <zoe@home.example>: User unknown in relay recipient table",
        "host d1.ess.barracudanetworks.com said: 550 No such user",
        "Your mail was not delivered: user unknown",
        "Unrouteable address",
        "Invalid recipient",
        "5.1.3",
        "5.1.6 Moved",
        "Account has been deleted",
        "5.1.1 Adresse d'au moins un destinataire invalide",
    ],
)
def test_a_mailbox_that_does_not_exist_is_not_written_to_again(text: str) -> None:
    """The codes that name the mailbox say so, and so do a server's own words."""
    assert meaning(text) == NOBODY


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("relay not permitted", "relay_denied"),
        ("5.7.1 <zoe@home.example>: Relay access denied", "relay_denied"),
        ("sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", "relay_denied"),
        ("5.1.1 User unknown, relaying denied", "relay_denied"),
        ("mail from 192.0.2.1 refused: listed at spamhaus", "sender_listed"),
        ("5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org", "sender_listed"),
        ("5.1.1 [5.1.1.2] is listed on bl.spamcop.net", "sender_listed"),
        ("Your IP has been blacklisted", "sender_listed"),
        ("5.7.26 unauthenticated mail: neither SPF nor DKIM", "not_authenticated"),
        ("DMARC policy violation", "not_authenticated"),
        ("authentication required", "login_refused"),
        ("5.7.0 must issue a STARTTLS command first", "login_refused"),
        ("5.4.5 Daily sending quota exceeded", "sending_quota"),
        ("Maximum credits exceeded", "sending_quota"),
        ("5.1.8 <ana@shop.example>: Sender address rejected: Domain not found", "sender_refused"),
        ("5.1.0 Sender denied", "sender_refused"),
        ("Message rejected: Email address is not verified.", "sender_refused"),
        ("5.7.1 Message rejected due to content restrictions", "refused_by_policy"),
        ("5.7.1", "refused_by_policy"),
        ("Administrative prohibition", "refused_by_policy"),
        ("User unknown; rejected by policy", "refused_by_policy"),
        ("Blocked", "refused_by_policy"),
    ],
)
def test_who_refuses_us_bars_nobody(text: str, reason: str) -> None:
    """A relay, a block list, a policy: it is not the mailbox, whatever else the server says."""
    assert meaning(text) == refusal(reason)


@pytest.mark.parametrize(
    "text",
    [
        "5.2.2 The email account that you tried to reach is over quota",
        "Mailbox quota exceeded",
        "User has exceeded storage quota",
        "4.2.2 mailbox full",
    ],
)
def test_a_full_mailbox_is_not_a_bad_one(text: str) -> None:
    """It may be emptied."""
    assert meaning(text) == MAILBOX_FULL


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Refused",
        "Requested action not taken: mailbox unavailable",
        "mailbox name not allowed",
        "5.2.1 The email account that you tried to reach is disabled.",
        "5.2.1 This mailbox has been blocked due to inactivity",
        "5.4.1 Recipient address rejected: Access denied. AS(201806281)",
        "5.3.4 Too large",
        "5.7.17 Mailbox owner has changed",
        "4.7.1 Greylisted by policy",
    ],
)
def test_what_may_be_either_is_neither(text: str) -> None:
    """It fails this mail, bars nobody and is not held against the campaign."""
    assert meaning(text) is None
