"""SendGrid, played on loopback: a mail server, and the events of what became of its mails.

Alone, `python -m tests.channels.mail.sendgrid_server`, it prints where it takes mails, where it is
asked, and the key that its events are verified with, as JSON. Then

    GET  /ledger    tells the mails that were taken
    POST /script    {"answers": [["DATA", "drop"], ["RCPT", "450 4.7.1 Later"]], "delay_s": 0.1,
                    "bounces": ["zoe@home.example"], "events_url": "http://..."} sets what comes
"""

import asyncio
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from functions.engine.ports.channel import WebhookRequest
from tests.channels.mail.rig import SendGrid
from tests.channels.mail.smtp_server import HOST, MailServer, Taken
from tests.channels.provider_server import Request, Response, StandIn, run_alone

#: Events wait so long for others to be told with.
_BATCH_S: Final = 0.05


class SendGridServer(StandIn):
    """One account. `events_url`: where it tells what became of mails, "" for nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.mails = MailServer()
        self.sendgrid = SendGrid()
        self.events_url = ""
        self.bounces: set[str] = set()
        self.told: set[str] = set()  #: mails of whose end we have heard, by their Message-ID

    @property
    def says(self) -> str:
        """Where it takes mails, where it is asked, and its key."""
        smtp_url = f"smtp://{HOST}:{self.mails.port}"
        told = {"smtp_url": smtp_url, "url": self.url, "key": self.sendgrid.public_key}
        return json.dumps(told)

    async def start(self, port: int = 0) -> None:
        """Take mails, and questions; tell of both ends of every mail."""
        await super().start(port)
        await self.mails.start()
        self.run_beside(self._tell())

    async def route(self, request: Request) -> Response:
        """Answer whoever asks for the ledger, or says what is to come."""
        match (request.method, request.path):
            case ("GET", "/ledger"):
                return Response(200, [self._shown(taken) for taken in self.mails.taken])
            case ("POST", "/script"):
                return self._take_script(json.loads(request.body))
        return Response(404, {})

    def _take_script(self, script: Mapping[str, Any]) -> Response:
        for command, answer in script.get("answers", []):
            self.mails.script(**{command: answer})
        self.mails.delay_s = script.get("delay_s", self.mails.delay_s)
        self.bounces.update(script.get("bounces", []))
        self.events_url = script.get("events_url", self.events_url)
        return Response(200, {})

    def _shown(self, taken: Taken) -> dict[str, Any]:
        id_ = taken.mail["Message-ID"]
        end = self._end(taken) if id_ in self.told else ""
        return {"id": id_, "to": taken.to, "subject": taken.mail["Subject"], "end": end}

    def _end(self, taken: Taken) -> str:
        return "bounce" if self.bounces & set(taken.to) else "delivered"

    async def _tell(self) -> None:
        """Tell what became of mails, of all new ones together."""
        seen = 0
        while True:
            await asyncio.sleep(_BATCH_S)
            new = self.mails.taken[seen:]
            if new and self.events_url:
                seen += len(new)
                self.run_beside(self._tell_of(new))

    async def _tell_of(self, new: Sequence[Taken]) -> None:
        await self.post_until_heard(self._batch((taken, "processed") for taken in new))
        await self.post_until_heard(self._batch((taken, self._end(taken)) for taken in new))
        self.told.update(taken.mail["Message-ID"] for taken in new)

    def _batch(self, happened: Iterable[tuple[Taken, str]]) -> WebhookRequest:
        now = int(time.time())
        events = (self.sendgrid.event(mail.content, kind, timestamp=now) for mail, kind in happened)
        return self.sendgrid.post(*events, url=self.events_url)


if __name__ == "__main__":
    run_alone(SendGridServer())
