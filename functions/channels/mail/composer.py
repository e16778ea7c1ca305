"""A message as a mail: MIME, as it goes over the wire (RFC 5322, RFC 2045, RFC 8058).

Everything is ASCII, so that every server takes it. Whatever a header is made of, it stays one
line of that header: nobody's name can add a recipient.
"""

import json
import re
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import Compat32
from email.utils import format_datetime, formataddr
from typing import Final, NamedTuple
from urllib.parse import quote

from functions.channels.callback_urls import Callback, CallbackEvent, callback_url
from functions.channels.mail.tracking import MailLinks
from functions.domain.messages.delivery_events import Retry
from functions.domain.messages.send_outcomes import Rejected
from functions.domain.templates.one_line import one_line
from functions.domain.urls.tracking_links import Links
from functions.engine.ports.channel import Outbound

PROVIDER: Final = "smtp"
#: The name under which SendGrid keeps what a mail is about, and tells it with each of its events.
UNIQUE_ARG: Final = "clarion"

_LONGEST_LINE: Final = 998  #: characters (RFC 5322, 2.1.1)
_LONGEST_PLAIN_SUBJECT: Final = 900  #: it may be one word, which cannot be folded
_LINE_END: Final = "\r\n"
_ADDRESS: Final = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~.-]+@([a-zA-Z0-9.-]+)"
_BARE: Final = re.compile(_ADDRESS)
_NAMED: Final = re.compile(rf'\s*"?([^<>"]*?)"?\s*<({_ADDRESS})>\s*')
_PLAIN: Final = re.compile(r"[\t\n -~]*")
_ASCII, _UTF8 = Charset("us-ascii"), Charset("utf-8")
_UTF8.body_encoding = QP


class _AsWritten(Compat32):
    """Writes headers as they are, so that links stay whole; Python would look for places to fold.

    It stands on the older of Python's two ways to write mails, which takes half the time.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        return f"{name}: {value}{_LINE_END}".encode("ascii")


_POLICY: Final = _AsWritten(linesep=_LINE_END)


class Mail(NamedTuple):
    """A mail, ready to be handed to a server."""

    sender: str
    to: str
    id: str  #: its Message-ID
    content: bytes


class Composer:
    """Writes mails. `for_sendgrid`: with what SendGrid's events find their message by."""

    def __init__(
        self,
        *,
        links: Links,
        public_base_url: str,
        for_sendgrid: bool,
        unsubscribe_email: str = "",
    ) -> None:
        self._unsubscribe_email = unsubscribe_email
        self._links = links
        self._base = public_base_url
        self._for_sendgrid = for_sendgrid

    def compose(self, outbound: Outbound, *, at: datetime) -> Mail | Rejected:
        """Return an attempt's mail, dated `at`; a refusal where an address of it is none."""
        sender = _sender(outbound.sender)
        if sender is None:
            return Rejected("invalid_sender", Retry.STOP)
        if not _BARE.fullmatch(outbound.to):
            return Rejected("invalid_address")
        shown, address, domain = sender
        org, campaign, message = outbound.ref
        id_ = f"<{message}.{outbound.attempt}.{campaign}.{org}@{domain}>"
        links = MailLinks(self._links, self._base, outbound.ref, outbound.attempt)
        mail = _body(links, outbound)
        mail["From"] = shown
        mail["To"] = outbound.to
        mail["Subject"] = _subject(outbound.subject)
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = id_
        mail["List-Unsubscribe"] = ", ".join(
            f"<{url}>" for url in (links.unsubscribe_url, *self._by_mail(outbound))
        )
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        if self._for_sendgrid:
            mail["X-SMTPAPI"] = _unique_args(outbound)
        return Mail(address, outbound.to, id_, mail.as_bytes())

    def _by_mail(self, outbound: Outbound) -> list[str]:
        """Return the URL by which another mail asks to unsubscribe, where somebody reads it.

        Its subject names whom we wrote to: they may ask from another address.
        """
        to = outbound.unsubscribe_email or self._unsubscribe_email
        subject = quote(f"unsubscribe {outbound.to}", safe="")
        return [f"mailto:{quote(to, safe='@')}?subject={subject}"] if to else []


def _sender(written: str) -> tuple[str, str, str] | None:
    """Read "a@b.example" or "Ana <a@b.example>": the header, the address, its domain."""
    if found := _BARE.fullmatch(written):
        return written, written, found[1]
    found = _NAMED.fullmatch(written)
    if found is None or written != one_line(written):
        return None
    name, address, domain = found.groups()
    return formataddr((name, address)), address, domain


def _subject(text: str) -> str:
    """Return a subject in one line, encoded where it is not ASCII, has no end, or seems encoded."""
    line = one_line(_valid(text))
    is_plain = line.isascii() and len(line) < _LONGEST_PLAIN_SUBJECT and "=?" not in line
    charset = None if is_plain else _UTF8
    return Header(line, charset, header_name="Subject").encode(linesep=_LINE_END)


def _body(links: MailLinks, outbound: Outbound) -> Message:
    said = links.said(_valid(outbound.body), _valid(outbound.html))
    parts = [
        _part(text, kind) for text, kind in ((said.text, "plain"), (said.html, "html")) if text
    ]
    if len(parts) > 1:
        # Of no words that anybody could have written; Python would search the parts for one.
        boundary = f"=_{outbound.ref.message}.{outbound.attempt}_="
        return MIMEMultipart("alternative", boundary, parts, policy=_POLICY)
    return parts[0]


def _part(text: str, kind: str) -> MIMEText:
    lines = re.sub(r"\r\n?", "\n", text)
    whole = len(max(lines.split("\n"), key=len)) <= _LONGEST_LINE
    charset = _ASCII if whole and _PLAIN.fullmatch(lines) else _UTF8
    return MIMEText(lines, kind, charset, policy=_POLICY)  # type: ignore[arg-type] # takes a Charset


def _valid(text: str) -> str:
    """Return a text without halves of characters (surrogates), which nothing can encode."""
    return text.encode(errors="replace").decode()


def _unique_args(outbound: Outbound) -> str:
    """Return what has SendGrid tell with each event of this mail which attempt it is of.

    Not as several members: an event has its own `attempt`.
    """
    callback = Callback(PROVIDER, CallbackEvent.RECEIPT, outbound.ref, outbound.attempt)
    return json.dumps({"unique_args": {UNIQUE_ARG: callback_url("", callback)}})
