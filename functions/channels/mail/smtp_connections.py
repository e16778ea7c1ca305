"""A mail server, and the connections to it that are kept: one for each mail would be slow."""

import asyncio
import ssl
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final, NamedTuple

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException, SMTPResponseException, SMTPServerDisconnected

from functions.channels.mail.smtp_replies import CLOSING
from functions.engine.ports.clock import Clock

#: After that a connection is not trusted: many servers, and what lies between, forget it silently.
LONGEST_IDLE: Final = timedelta(seconds=60)

_FAREWELL_S: Final = 1.0


class Access(NamedTuple):
    """Where a mail server is, and how it lets us in."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    implicit_tls: bool = False  #: TLS from the first byte; else STARTTLS where it is offered
    plain_login: bool = False  #: the password may travel without TLS, for it stays on this machine


class MailServer:
    """Connections to one mail server. `name`: what we call ourselves to it."""

    def __init__(
        self, access: Access, *, name: str, clock: Clock, tls: ssl.SSLContext | None = None
    ) -> None:
        self._access = access
        self._name = name
        self._clock = clock
        self._given_tls = tls
        self._idle: list[tuple[SMTP, datetime]] = []

    async def addressed(self, sender: str, to: str) -> SMTP:
        """Return a connection that has taken a mail's addresses, and waits for the mail.

        Raises what aiosmtplib raises, or OSError; a kept connection that has died is replaced.
        """
        while (kept := self._take()) is not None:
            try:
                return await self._address(kept, sender, to)
            except SMTPServerDisconnected:
                continue
            except SMTPResponseException as error:
                if error.code != CLOSING:
                    raise
        return await self._address(await self._connect(), sender, to)

    def keep(self, connection: SMTP) -> None:
        """Keep a connection for the next mail, unless it has ended."""
        if connection.is_connected:
            self._idle.append((connection, self._clock.now()))

    async def close(self) -> None:
        """Take leave of the server."""
        while (kept := self._take()) is not None:
            try:
                async with asyncio.timeout(_FAREWELL_S):
                    await kept.quit()
            except (SMTPException, TimeoutError):
                kept.close()

    def _take(self) -> SMTP | None:
        """Return a kept connection that has not ended, as far as we know."""
        now = self._clock.now()
        while self._idle:
            connection, since = self._idle.pop()
            if connection.is_connected and now - since <= LONGEST_IDLE:
                return connection
            connection.close()
        return None

    async def _address(self, connection: SMTP, sender: str, to: str) -> SMTP:
        try:
            await connection.mail(sender)
            await connection.rcpt(to)
        except SMTPResponseException:
            await self._reset(connection)
            raise
        except BaseException:
            connection.close()
            raise
        return connection

    async def _reset(self, connection: SMTP) -> None:
        """Have the server forget a mail that it refused, to use the connection again."""
        try:
            await connection.rset()
        except SMTPException:
            connection.close()
        except BaseException:
            connection.close()
            raise
        else:
            self.keep(connection)

    async def _connect(self) -> SMTP:
        access = self._access
        connection = SMTP(
            hostname=access.host,
            port=access.port,
            local_hostname=self._name,
            use_tls=access.implicit_tls,
            tls_context=self._tls,
            timeout=None,  # whoever waits says for how long
        )
        await connection.connect()
        try:
            await self._log_in(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _log_in(self, connection: SMTP) -> None:
        access = self._access
        if not access.user:
            return
        is_safe = connection.get_transport_info("sslcontext") is not None
        if not is_safe and not access.plain_login:
            raise SMTPException("The password must not travel without TLS, and none is offered.")
        await connection.login(access.user, access.password)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._given_tls or ssl.create_default_context()
