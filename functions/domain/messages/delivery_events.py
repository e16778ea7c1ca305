"""What providers tell us about a message, in our words."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class MessageRef(NamedTuple):
    """Where a message lives. It travels in callback URLs, so that a receipt finds its message."""

    org: str
    campaign: str
    message: str


class EventKind(StrEnum):
    """What happened to a message, past tense."""

    SENT = "sent"  #: the provider has handed a text on
    DELIVERED = "delivered"  #: a text has reached the person's device, or a mail their server
    READ = "read"  #: they have read a text, or opened a mail
    CLICKED = "clicked"  #: they have followed a link of it
    REPLIED = "replied"  #: they have written back
    COMPLAINED = "complained"  #: they have called a mail unwanted
    OPTED_OUT = "opted_out"  #: they want no more of these
    RINGING = "ringing"  #: the person's phone rings
    ANSWERED = "answered"  #: somebody or something picked up
    MACHINE = "machine"  #: the provider heard an answering machine
    BOT_LOST = "bot_lost"  #: the call's connection with the bot failed or broke off
    COMPLETED = "completed"  #: the call was answered and has ended
    FAILED = "failed"  #: the attempt ended without reaching the person
    UNCERTAIN = "uncertain"  #: the attempt ended and nobody knows how


class Retry(StrEnum):
    """What a failure allows, PROVIDERS.md's classes."""

    NEVER = "never"  #: final
    LATER = "later"  #: one more attempt after the back-off, while attempts are left
    ONCE = "once"  #: the same, but only after a first attempt
    DEFER = "defer"  #: the provider was too busy: try later, not counted as an attempt
    REFUSED = "refused"  #: not the person but we are refused: a few more tries, not counted
    STOP = "stop"  #: every message of the campaign would fail this way: pause it and say why


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """One receipt. Two deliveries of the same receipt have the same id."""

    id: str
    ref: MessageRef
    attempt: int
    kind: EventKind
    at: datetime
    provider_id: str = ""
    reason: str = ""  #: for failures: our reason code, such as "no_answer" or "provider_5030"
    retry: Retry = Retry.NEVER
    duration_s: int = 0  #: seconds of conversation to charge
    link: str = ""  #: of clicks: a digest of where the link leads, where that is known
    machine: bool = False  #: a program did this, no person: it is kept, and changes nothing
    #: Until then it may turn out to be a program's, and be taken back: nobody walks upon it.
    settles_at: datetime | None = None
    suppress: str = ""  #: why the message's address must not be contacted any more, "" if it may
    scope: str = "all"  #: what it must not be contacted for (contacts/suppressions.py)


class Inbound(NamedTuple):
    """A text that somebody has sent to one of our numbers."""

    id: str  #: the same whenever the provider repeats it
    address: str  #: whose it is, most likely: E.164, or a short code; "" where it is not told
    to: str  #: our number, E.164, or a short code
    body: str
    at: datetime
    named: str = ""  #: the address as the provider writes it, "" where that is all we have
    answers: str = ""  #: the provider's id of the message that it answers, "" where it names none
    chosen: str = ""  #: what stands behind the button that was pressed, beside its words in `body`
    #: The provider's id of the number that it came to, where the URL that names the organisation
    #: is not signed: whose the number is says whose the text is.
    account: str = ""
