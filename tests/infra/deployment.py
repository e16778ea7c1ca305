"""A deployment in this process: every function with its own secrets only, and the providers."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Self

import httpx
import pytest
from starlette.requests import Request

import main
from functions.bootstrap import entry
from functions.bootstrap.stack import Stack, build
from functions.engine.ports.channel import WebhookRequest
from functions.queues.local import LocalQueue
from functions.settings.load import load_settings
from functions.settings.model import Settings
from functions.settings.providers import Use
from functions.settings.secrets import TARGETS, secrets_of
from tests.api.rig import BASE, SECRET, token
from tests.channels.loopback import Loopback, response
from tests.channels.mail.smtp_server import MailServer
from tests.channels.plivo import voice_server
from tests.channels.plivo.voice_server import PlivoServer
from tests.channels.twilio import server as twilio_server
from tests.channels.twilio.server import TwilioServer
from tests.channels.whatsapp import server as whatsapp_server
from tests.channels.whatsapp.server import WhatsAppServer
from tests.clock import MovedClock

FUNCTIONS: Final = tuple(target for target in TARGETS if target != "app")
CHOSEN: Final[Mapping[str, str]] = {
    "VOICE_PROVIDER": "plivo",
    "SMS_PROVIDER": "twilio",
    "WHATSAPP_PROVIDER": "cloud",
    "EMAIL_PROVIDER": "smtp",
    "WEBHOOK_PROVIDER": "http",
    "CONSOLE_URL": "https://clarion.example/api/console",
}
#: What every function is told. Nobody listens at port 1.
SHARED: Final[Mapping[str, Any]] = {
    **CHOSEN,
    "STORE_URL": "sqlite:///:memory:",
    "QUEUE_URL": "cloudtasks://p/l/q",
    "AUTH_MODE": "jwt",
    "CALLING_WINDOWS": "off",
    "LIVE_CALL_FREED_WITHIN_S": 0,
    "PLIVO_AUTH_ID": voice_server.AUTH_ID,
    "PLIVO_API_URL": "http://127.0.0.1:1",
    "TWILIO_ACCOUNT_SID": twilio_server.ACCOUNT_SID,
    "TWILIO_API_URL": "http://127.0.0.1:1",
    "WHATSAPP_PHONE_NUMBER_ID": whatsapp_server.PHONE_NUMBER_ID,
    "WHATSAPP_API_URL": "http://127.0.0.1:1",
}
#: What only those are told who use it.
HIDDEN: Final[Mapping[str, str]] = {
    "JWT_SECRET": SECRET,
    "PLIVO_AUTH_TOKEN": voice_server.AUTH_TOKEN,
    "TWILIO_AUTH_TOKEN": twilio_server.AUTH_TOKEN,
    "WHATSAPP_TOKEN": whatsapp_server.TOKEN,
    "WHATSAPP_APP_SECRET": whatsapp_server.APP_SECRET,
    "WHATSAPP_VERIFY_TOKEN": whatsapp_server.VERIFY_TOKEN,
    "SMTP_URL": "smtp://127.0.0.1:1",
    "SIGNING_SECRET": "a secret of at least thirty-two bytes",
    "SESSION_SECRET": "what seals sessions has thirty-two bytes as well",
}
WRONG: Final = {name: f"{secret} that it is not" for name, secret in HIDDEN.items()} | {
    "SMTP_URL": HIDDEN["SMTP_URL"]
}


def settings_of(target: str, *, without: str = "", **changes: str) -> Settings:
    """Return the settings of a function that is told its own secrets, or all of them but one."""
    own = {name: HIDDEN[name] for name in secrets_of(target, CHOSEN) if name != without}
    told = {**SHARED, **own}
    told |= {name: value for name, value in changes.items() if name in told}
    return load_settings(
        target, _env_file=None, **{name.lower(): value for name, value in told.items()}
    )


class Deployment:
    """The functions over one store and one queue. Use as an async context manager.

    One function may be told another word in place of one of its secrets: `wrong`.
    """

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        wrong: tuple[str, str] = ("", ""),
    ) -> None:
        self.clock = MovedClock()
        self.plivo = PlivoServer()
        self.twilio = TwilioServer(now=self.clock.now)
        self.whatsapp = WhatsAppServer()
        self.mails = MailServer()
        #: The bot of the calls, and the organisation's own server.
        self.web = Loopback(lambda _: response("200 OK"))
        self.stacks: dict[str, Stack] = {}
        self.answered: set[str] = set()  #: the functions that have done what they were asked
        self._folder = folder
        self._wrong = wrong
        self._monkeypatch = monkeypatch
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._open = AsyncExitStack()
        self._queue = LocalQueue(
            self._deliver,
            self.clock,
            max_attempts=1,
            min_backoff=timedelta(),
            max_backoff=timedelta(),
        )

    async def __aenter__(self) -> Self:
        """Start the providers, then every function."""
        for server in (self.plivo, self.twilio, self.whatsapp, self.mails):
            await server.start()
            self._open.push_async_callback(server.close)
        await self._open.enter_async_context(self.web)
        for target in FUNCTIONS:
            await self._start(target)
        return self

    async def __aexit__(self, *_: object) -> None:
        """End everything."""
        await self._open.aclose()

    async def _start(self, target: str) -> None:
        changes = {
            "STORE_URL": f"sqlite:///{self._folder}/clarion.db",
            "PLIVO_API_URL": self.plivo.url,
            "TWILIO_API_URL": self.twilio.url,
            "WHATSAPP_API_URL": self.whatsapp.url,
            "SMTP_URL": f"smtp://127.0.0.1:{self.mails.port}",
        }
        if target == self._wrong[0]:
            changes[self._wrong[1]] = WRONG[self._wrong[1]]
        stack = build(settings_of(target, **changes), target, clock=self.clock)
        self._open.push_async_callback(stack.close)
        state = stack.app._app.state
        state.context = replace(stack.context, engine=replace(stack.engine, queue=self._queue))
        self._monkeypatch.setattr(entry, "_stack", stack)
        app: Any = await getattr(main, target)(Request({"type": "http"}))
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)
        self._open.push_async_callback(client.aclose)
        self.stacks[target], self._clients[target] = stack, client

    async def ask(self, target: str, method: str, path: str, **sent: Any) -> Any:
        """Ask a function, as an admin where it has users; return what it answers if all is well."""
        known = Use.CALLERS in TARGETS[target]
        who = {"authorization": token("admin")} if known else {}
        headers = {**who, **sent.pop("headers", {})}
        answer = await self._clients[target].request(method, path, headers=headers, **sent)
        assert answer.is_success, (target, path, answer.text)
        self.answered.add(target)
        return answer.json() if "json" in answer.headers["content-type"] else answer.text

    async def call_back(self, signed: WebhookRequest) -> None:
        """Deliver what a provider tells."""
        await self.ask(
            "receive_webhook", "POST", signed.url, content=signed.body, headers=signed.headers
        )

    async def run(self, seconds: int = 10) -> None:
        """Let some time pass, with all tasks that come due in it."""
        for _ in range(seconds):
            await self._queue.run_due()
            await self.clock.sleep(1)

    async def _deliver(self, headers: dict[str, str], body: bytes) -> int:
        await self.ask("run_task", "POST", "/run", headers=headers, content=body)
        return 200
