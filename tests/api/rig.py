"""A whole Clarion in this process, asked over HTTP, with a clock that the test moves."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx

from functions.bootstrap.stack import build
from functions.channels.simulator.voice import Simulator
from functions.engine import paths
from functions.engine.ports.channel import WebhookRequest
from functions.engine.ports.store import Store
from functions.queues.local import LocalQueue
from functions.settings.load import load_settings
from functions.web.context import AppContext
from tests.channels.simulator.simulated_carrier import make_callbacks, simulated
from tests.clock import MovedClock
from tests.web.auth.key_server import in_seconds, signed

SECRET: Final = "correct horse battery staple, 32 bytes and more"
SENDER: Final = "+12025550111"
BOT: Final = "wss://bot.example.com/talk"
#: Calls that are answered at once and are over a second later.
SMOOTH: Final = "latency_ms=0,ring_ms=0,pickup_ms=0,duration_s=1,spread=0,rejected=0"
LATER: Final = "2026-03-02T12:00:05Z"  #: five seconds after the clock's noon
BAD_TIME: Final = "Invalid scheduledTime format. Please provide a valid ISO 8601 datetime string."
IN_THE_FUTURE: Final = "scheduledTime must be in the future."
BASE: Final = "http://127.0.0.1:8080"

JWT: Final[Mapping[str, Any]] = {"auth_mode": "jwt", "jwt_secret": SECRET}


class Rig:
    """The stack and a client of it. Nothing moves in the background."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.clock = MovedClock()
        self._lists = 0
        usual = {
            "store_url": "sqlite:///:memory:",
            "simulator_ledger": folder / "carrier.jsonl",
            "simulator_script": SMOOTH,
            "calling_windows": "off",
            "live_call_freed_within_s": 0,  # nothing else happens while a callback is made
        }
        self.stack = build(load_settings(_env_file=None, **usual | settings), clock=self.clock)
        transport = httpx.ASGITransport(self.stack.app)
        self.http = httpx.AsyncClient(transport=transport, base_url=BASE)

    async def close(self) -> None:
        """Let go of everything."""
        await self.http.aclose()
        await self.stack.close()

    @property
    def store(self) -> Store:
        """What is stored."""
        return self.stack.engine.store

    @property
    def carrier(self) -> Simulator:
        """The simulated carrier."""
        channel = self.stack.engine.channels["simulator"]
        assert isinstance(channel, Simulator)
        return channel

    # --- requests ---------------------------------------------------------------------------

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Post JSON; `x_org_id="acme"` is a header."""
        return await self.http.post(path, json=body, headers=_headers(headers))

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Get."""
        return await self.http.get(path, headers=_headers(headers))

    async def upload(self, content: str | bytes, name: str = "", **headers: str) -> Any:
        """Upload a CSV file; without a name each is a list of its own."""
        self._lists += 1
        return await self.http.post(
            "/upload-csv",
            files={"file": ("people.csv", content, "text/csv")},
            data={"listName": name or f"People {self._lists}"},
            headers=_headers(headers),
        )

    async def make_list(self, numbers: Iterable[str], **headers: str) -> str:
        """Make a list of these numbers; return its id."""
        answer = await self.upload("\n".join(("number", *numbers)), **headers)
        assert answer.status_code == 200, answer.text
        list_id: str = answer.json()["listId"]
        return list_id

    async def create(self, list_id: str, **changes: Any) -> httpx.Response:
        """Ask for a campaign."""
        return await self.post("/create-campaign", order(list_id, **changes))

    async def campaign(self, *, people: int = 1, **changes: Any) -> str:
        """Create a campaign to a few people; return its id."""
        answer = await self.create(await self.make_list(numbers(people)), **changes)
        assert answer.status_code == 200, answer.text
        id_: str = answer.json()["campaignId"]
        return id_

    async def progress(self, campaign_id: str) -> Any:
        """Ask how far a campaign has come."""
        answer = await self.get(f"/campaign-progress/{campaign_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def report(self, campaign_id: str) -> list[Any]:
        """Ask what became of each person."""
        answer = await self.post("/get-report-by-campaign", {"campaignId": campaign_id})
        assert answer.status_code == 200, answer.text
        rows: list[Any] = answer.json()["rows"]
        return rows

    # --- time -------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Let everything happen that is due now."""
        queue = self.stack.engine.queue
        assert isinstance(queue, LocalQueue)
        while await queue.run_due() + await make_callbacks(self.stack.engine):
            pass

    async def run(self, campaign_id: str) -> Any:
        """Let time pass until a campaign has ended; return its progress."""
        for _ in range(1000):
            await self.settle()
            seen = await self.progress(campaign_id)
            if seen["status"] in {"completed", "cancelled", "failed"}:
                return seen
            await self.clock.sleep(1)
        raise AssertionError(seen)

    # --- the carrier's callbacks --------------------------------------------------------------

    def catch_callbacks(self) -> list[WebhookRequest]:
        """Keep the carrier's callbacks instead of delivering them; the list fills up."""
        caught: list[WebhookRequest] = []

        async def keep(request: WebhookRequest) -> int:
            caught.append(request)
            return 200

        for carrier in simulated(self.stack.engine):
            carrier._callbacks._deliver = keep
        return caught

    async def call_back(self, request: WebhookRequest, **changes: Any) -> httpx.Response:
        """Deliver a callback, changed."""
        sent = replace(request, **changes)
        return await self.http.request(
            sent.method, sent.url, headers=dict(sent.headers), content=sent.body
        )

    # --- faults -----------------------------------------------------------------------------

    def break_store(self, store: Store) -> None:
        """Put another store in place of ours."""
        app = self.stack.app._app
        context: AppContext = app.state.context
        app.state.context = replace(context, engine=replace(context.engine, store=store))


def order(list_id: str, **changes: Any) -> dict[str, Any]:
    """Return the body that asks for a campaign, changed."""
    return {
        "campaignName": "Morning outreach",
        "listId": list_id,
        "fromNumber": SENDER,
        "wssUrl": BOT,
        **changes,
    }


def numbers(count: int) -> list[str]:
    """Return numbers of as many people, of New York."""
    return [f"+1212555{index:04d}" for index in range(2000, 2000 + count)]


def token(role: str = "operator", *, org: str = "acme", subject: str = "ana") -> str:
    """Return the Authorization header of somebody."""
    claims = {"sub": subject, "org": org, "role": role, "exp": in_seconds(3600)}
    return f"Bearer {signed(claims, SECRET, algorithm='HS256')}"


async def audit(rig: Rig, campaign_id: str, epoch: int, org: str = "default") -> dict[str, Any]:
    """Return the audit trail's entry of a campaign's change to this epoch."""
    entry = await rig.store.get(paths.audit(org, f"{campaign_id}-{epoch}"))
    assert entry is not None
    return entry.data


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
