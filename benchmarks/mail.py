"""Figure 10: mails end to end to a local mail server, against a hand-written asyncio sender."""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Final

from benchmarks.report import Row
from benchmarks.rig import INDEXES, ORG, DirectQueue, engine_on
from functions.bootstrap.clock import SystemClock
from functions.channels.mail.composer import Composer
from functions.channels.mail.smtp import CONNECTIONS, Smtp
from functions.channels.mail.smtp_connections import Access, MailServer
from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.contacts.contact import read_details
from functions.domain.kinds import ChannelKind
from functions.domain.messages.message import MessageStatus
from functions.domain.urls.tracking_links import Links
from functions.engine.campaigns import drafts, lifecycle
from functions.engine.campaigns.drafts import Draft
from functions.engine.contacts import contacts
from functions.engine.messages.statistics import read_one
from functions.stores.sqlite.store import SqliteStore

_SIZE, _ROUNDS = 2000, 5
_SENDER: Final = "sales@example.com"
_SINK: Final = Path(__file__).parent / "bare" / "mail_sink.py"
_TEXT: Final = "Hello {first_name},\n\nour spring sale begins: https://shop.example/spring\n"
_HTML: Final = (
    "<html><body><p>Hello {first_name},</p>"
    '<p>our <a href="https://shop.example/spring">spring sale</a> begins.</p></body></html>'
)

Compose = Callable[[int], bytes]


async def measure() -> list[Row]:
    """Measure both, turn by turn, against one server that takes everything."""
    samples = []
    with _sink() as port:
        for number in range(-1, _ROUNDS):
            took = [await _campaign(port), *[await _by_hand(port, how) for how in _BY_HAND]]
            if number >= 0:  # the first one warms up
                samples.append(took)
    return [_row(samples, at, how) for at, how in enumerate(_BY_HAND, start=1)]


def _row(samples: list[list[float]], at: int, how: Compose) -> Row:
    ours_s, by_hand_s = (statistics.median(each[n] for each in samples) for n in (0, at))
    ratio = statistics.median(each[at] / each[0] for each in samples)
    against = f"by hand, {_BY_HAND[how]}, {_SIZE / by_hand_s:,.0f}/s"
    return Row("mails end to end", f"{_SIZE / ours_s:,.0f}/s", against, ratio, ">= 0.5")


@contextmanager
def _sink() -> Iterator[int]:
    command = [sys.executable, str(_SINK)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


async def _campaign(port: int) -> float:
    """Send a campaign to everybody: launch, claims, mails and results, by the real engine."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "bench.db", INDEXES)
        channel = _channel(port)
        queue = DirectQueue()
        engine = replace(
            engine_on(store),
            queue=queue,
            channels={"smtp": channel},
            providers={ChannelKind.EMAIL: "smtp"},
        )
        queue.engine = engine
        rows = ({"email": f"p{n}@example.org", "first_name": f"Ana {n}"} for n in range(_SIZE))
        await contacts.upsert(engine, ORG, [read_details(row) for row in rows])
        draft = Draft(
            channel=ChannelKind.EMAIL,
            sender=_SENDER,
            subject="Hello {first_name}",
            template=_TEXT,
            html=_HTML,
            audience=Audience(AudienceKind.EVERYONE),
        )
        campaign = await drafts.create(engine, ORG, draft, scheduled_at=None, by="bench")
        start = time.perf_counter()
        await drafts.send(engine, ORG, campaign.id, None, by="bench")
        await queue.idle()
        took = time.perf_counter() - start
        counts = await read_one(engine, await lifecycle.load(engine, ORG, campaign.id))
        assert counts[MessageStatus.SENT] == _SIZE, counts.by_status
        await channel.close()
        await store.close()
        return took


def _channel(port: int) -> Smtp:
    clock = SystemClock()
    server = MailServer(Access("127.0.0.1", port), name="bench.example", clock=clock)
    composer = Composer(
        links=Links("secret-of-nobody" * 2),
        public_base_url="https://clarion.example",
        for_sendgrid=False,
    )
    return Smtp(server=server, composer=composer, events=None, clock=clock)


async def _by_hand(port: int, how: Compose) -> float:
    """Send the same mails over as many connections, and keep no book of them."""
    people = iter(range(_SIZE))
    start = time.perf_counter()
    await asyncio.gather(*(_connection(port, people, how) for _ in range(CONNECTIONS)))
    return time.perf_counter() - start


async def _connection(port: int, people: Iterator[int], how: Compose) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()

    async def say(*lines: bytes) -> None:
        writer.writelines([*lines, b"\r\n"])
        while (await reader.readline())[3:4] == b"-":
            pass

    await say(b"EHLO bench.example")
    for number in people:
        await say(b"MAIL FROM:<sales@example.com>")
        await say(f"RCPT TO:<p{number}@example.org>".encode())
        await say(b"DATA")
        await say(how(number).replace(b"\r\n.", b"\r\n.."), b".")
    await say(b"QUIT")
    writer.close()


def _written(number: int) -> bytes:
    """Write the mail with the standard library, as anybody would."""
    mail = EmailMessage()
    mail["From"], mail["To"] = _SENDER, f"p{number}@example.org"
    mail["Subject"] = f"Hello Ana {number}"
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain="example.com")
    mail.set_content(_TEXT.format(first_name=f"Ana {number}"))
    mail.add_alternative(_HTML.format(first_name=f"Ana {number}"), subtype="html")
    return mail.as_bytes().replace(b"\n", b"\r\n")


def _filled(number: int) -> bytes:
    """Write the mail as fast as Python can: a text with a few holes."""
    name = f"Ana {number}"
    head = _HEAD.format(number=number, date=formatdate())
    parts = _PARTS.format(text=_TEXT, html=_HTML).replace("{first_name}", name)
    return f"{head}{parts}".replace("\n", "\r\n").encode()


_HEAD: Final = """\
From: sales@example.com
To: p{number}@example.org
Subject: Hello Ana {number}
Date: {date}
Message-ID: <{number}@example.com>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=part="

"""
_PARTS: Final = """\
--=part=
Content-Type: text/plain; charset="us-ascii"

{text}
--=part=
Content-Type: text/html; charset="us-ascii"

{html}
--=part=--
"""

_BY_HAND: Final[Mapping[Compose, str]] = {
    _written: "with the email package",
    _filled: "from one text with holes",
}
