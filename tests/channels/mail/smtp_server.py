"""A real mail server on loopback, which answers as it is told to and keeps what it takes."""

import asyncio
import ssl
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

HOST: Final = "127.0.0.1"
USER: Final = "postmaster"
PASSWORD: Final = "password-of-nobody"

#: Instead of an answer: the connection ends; there is no answer; an answer that none can read.
DROP: Final = "drop"
HANG: Final = "hang"
GARBAGE: Final = "garbage"


@dataclass
class Taken:
    """A mail that the server has taken."""

    sender: str
    to: list[str]
    content: bytes
    logged_in: bool
    tls: bool

    @property
    def mail(self) -> EmailMessage:
        """The mail, read."""
        read = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(read, EmailMessage)
        return read


@dataclass
class MailServer:
    """The server. `answers`: what it says next to MAIL, RCPT and DATA, before it is itself again.

    With a script it takes a mail whose content it has seen, unless the answer is a refusal.
    """

    starttls: bool = False
    implicit_tls: bool = False
    logins: bool = False  #: it lets nobody in without the password
    plain_logins: bool = True  #: it takes the password without TLS
    certificate: "Certificate | None" = None
    taken: list[Taken] = field(default_factory=list)
    answers: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    passwords: list[bytes] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    most_open: int = 0
    delay_s: float = 0.0
    #: Released for each answer that does not come.
    silent: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    go_on: asyncio.Event = field(default_factory=asyncio.Event)  #: let them come after all
    port: int = 0
    _sessions: set["_Session"] = field(default_factory=set)

    async def start(self) -> None:
        """Listen on loopback."""
        loop = asyncio.get_running_loop()
        tls = self._tls() if self.implicit_tls else None
        self._server = await loop.create_server(self._session, HOST, 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End, with every connection."""
        self._server.close()
        self.hang_up()
        await asyncio.sleep(0)

    def hang_up(self) -> None:
        """End every connection, as a server does that has waited for too long."""
        for session in list(self._sessions):
            session.hang_up()

    def script(self, **answers: str) -> None:
        """Add answers, such as RCPT="550 5.1.1 No such user"."""
        for command, answer in answers.items():
            self.answers[command].append(answer)

    def _tls(self) -> ssl.SSLContext:
        assert self.certificate is not None
        return self.certificate.server

    def _session(self) -> "_Session":
        self.connections += 1
        session = _Session(
            self,
            hostname="mail.test",
            tls_context=self._tls() if self.starttls else None,
            auth_required=self.logins,
            authenticator=self._log_in,
        )
        # As an option it comes with a warning, and with TLS from the first byte it is not known.
        session._auth_require_tls = self.starttls and not self.plain_logins
        return session

    def _log_in(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, given: Any
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.passwords.append(given.password)
        if self.answers["AUTH"]:
            return AuthResult(success=False, handled=False, message=self.answers["AUTH"].popleft())
        good = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False, auth_data=given)

    # --- what aiosmtpd asks its handler -------------------------------------------------------

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        """Take a sender's address."""
        envelope.mail_from = address
        return await self._answer(server, "MAIL")

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        """Take somebody's address."""
        answer = await self._answer(server, "RCPT")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Take a mail, unless the script refuses it."""
        scripted = self.answers["DATA"]
        if not scripted or not scripted[0].startswith(("4", "5")):
            self.taken.append(self._taken(server, session, envelope))
        return await self._answer(server, "DATA")

    def _taken(self, server: SMTP, session: Session, envelope: Envelope) -> Taken:
        content, sender = envelope.original_content, envelope.mail_from
        assert content is not None
        assert sender is not None
        assert server.transport is not None
        tls = server.transport.get_extra_info("sslcontext") is not None
        return Taken(sender, list(envelope.rcpt_tos), content, bool(session.authenticated), tls)

    async def _answer(self, server: SMTP, command: str) -> str:
        answer = self.answers[command].popleft() if self.answers[command] else "250 OK"
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if answer == DROP:
            assert isinstance(server, _Session)
            server.hang_up()
        if answer in {DROP, HANG}:
            self.silent.release()
            await self.go_on.wait()
            answer = "250 OK"
        if answer.startswith("421"):
            assert isinstance(server, _Session)
            asyncio.get_running_loop().call_later(0.01, server.hang_up)
        return answer


class _Session(SMTP):
    """One connection, which can end at any time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        server = self.event_handler
        if self not in server._sessions:
            server._sessions.add(self)
            server.open += 1
            server.most_open = max(server.most_open, server.open)

    def connection_lost(self, error: Exception | None) -> None:
        server = self.event_handler
        if self in server._sessions:
            server._sessions.discard(self)
            server.open -= 1
        if self.session is not None:
            super().connection_lost(error)

    def hang_up(self) -> None:
        """End the connection without a word."""
        if self.transport is not None:
            self.transport.close()


class Certificate:
    """A certificate that only those trust who are told of it."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
        names = [x509.DNSName("localhost"), x509.IPAddress(IPv4Address(HOST))]
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, SHA256())
        )
        public = made.public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path = folder / "mail.pem"
        path.write_bytes(secret + public)
        self.server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.server.load_cert_chain(path)
        self.client = ssl.create_default_context(cadata=public.decode())
