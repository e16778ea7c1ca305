"""A mail server that takes everything and keeps nothing, in a process of its own."""

import asyncio
import socket

from aiosmtpd.smtp import SMTP, Envelope, Session


class _Sink:
    async def handle_DATA(  # noqa: N802 - the library looks it up by this name
        self, _server: SMTP, _session: Session, _envelope: Envelope
    ) -> str:
        return "250 OK"


async def main() -> None:
    """Listen on a free port, print it, and serve until the end."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = await loop.create_server(lambda: SMTP(_Sink(), loop=loop), sock=listening)
        print(listening.getsockname()[1], flush=True)
        await server.serve_forever()


asyncio.run(main())
