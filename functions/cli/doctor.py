"""What is wrong, and how to mend it: `python -m functions doctor`."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple
from uuid import uuid4

import httpx
import typer
from rich.table import Table

from functions.bootstrap.stack import Stack
from functions.cli.api import Api, Target
from functions.cli.runtime import REFUSED, AsJson, Token, Url, show, with_api, with_stack
from functions.domain.times import iso
from functions.engine.kernel.task_queue import TaskKind, task_of
from functions.engine.ports.store import Create, Delete
from functions.engine.reporting.backlog import Waiting, backlog_of
from functions.engine.reporting.health import Condition
from functions.settings.model import Settings
from functions.settings.urls import FirestoreUrl, LocalQueueUrl

_PATIENCE_S: Final = 20
#: The Date header counts whole seconds, and takes its time to arrive.
_SKEW: Final = timedelta(seconds=5)
_START: Final = "start one with `python -m functions serve`"
_SERVER: Final = "read the server's log (docs/guide/operating.md)"
_CHECK: Final = (
    "see that a server runs (`python -m functions serve`), or the scheduler's job in the cloud"
    " (SCHEDULER_SETUP.md); `python -m functions check-once` does it by hand"
)


class Finding(NamedTuple):
    """What came of looking at one thing; a remedy where it is not well."""

    name: str
    detail: str
    remedy: str = ""


def doctor(url: Url = "", token: Token = "", *, as_json: AsJson = False) -> None:
    """Look at settings, store, queue, clock and waiting work; exit with 1 if one is not well.

    Of a running server it shows what its /health tells.
    """
    target = Target(url, token, "")
    findings = with_api(target, _of_server).result if url else with_stack(examine)
    healthy = not any(finding.remedy for finding in findings)
    result = {
        "healthy": healthy,
        "findings": [{"ok": not each.remedy, **each._asdict()} for each in findings],
    }
    show(result, _table(findings), as_json=as_json)
    if not healthy:
        raise typer.Exit(REFUSED)


async def _of_server(api: Api) -> list[Finding]:
    seen = await api.ask("GET", "/health", or_status=httpx.codes.SERVICE_UNAVAILABLE)
    return [_of_part(name, dict(part)) for name, part in seen["checks"].items()]


def _of_part(name: str, part: dict[str, Any]) -> Finding:
    status = part.pop("status")
    told = ", ".join(f"{each} {value}" for each, value in part.items() if value is not None)
    detail = f"{status}, {told}" if told else status
    return Finding(name, detail, "" if status == Condition.HEALTHY else _SERVER)


def _table(findings: list[Finding]) -> Table:
    table = Table("", "Looked at", "Found")
    for finding in findings:
        mark = "[red]wrong" if finding.remedy else "[green]well"
        remedy = f"\n[bold]To mend it:[/] {finding.remedy}" if finding.remedy else ""
        table.add_row(mark, finding.name, finding.detail + remedy)
    return table


async def examine(stack: Stack) -> list[Finding]:
    """Look at everything; each thing on its own, so that one that is broken hides no other."""
    findings = [await _look(stack, name, *_LOOKS[name]) for name in _LOOKS]
    if any(finding.remedy for finding in findings if finding.name == "store"):
        return findings
    return [*findings, *await _backlog(stack)]


async def _look(
    stack: Stack, name: str, look: Callable[[Stack], Awaitable[Finding]], remedy: str
) -> Finding:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await look(stack)
    except TimeoutError:
        return Finding(name, f"no answer within {_PATIENCE_S} s", remedy)
    except Exception as error:  # noqa: BLE001  whatever is broken is what is looked for
        return Finding(name, f"{type(error).__name__}: {error}", remedy)


async def _settings(stack: Stack) -> Finding:
    settings = stack.context.settings
    windows = "kept" if settings.calling_windows == "default" else "off"
    senders = [f"{each.setting}={each.choice}" for each in settings.providers]
    real = any(not each.pretends_to for each in settings.providers)
    people = "people are really reached" if real else "nobody is really reached"
    detail = (
        f"{settings.store_url}, {settings.queue_url}, AUTH_MODE={settings.auth_mode},"
        f" {', '.join(senders)} ({people}), calling windows {windows}"
    )
    return Finding("settings", detail)


async def _sign_in(stack: Stack) -> Finding:
    """See whether people can sign in to the console, and whether the identity provider is there."""
    settings, provider = stack.context.settings, stack.context.provider
    if settings.auth_mode == "off":
        return Finding("sign-in", "whoever is on this machine need not sign in")
    if not settings.session_secrets:
        return Finding("sign-in", "nobody can sign in to the console: SESSION_SECRET is not set")
    if provider is None:
        return Finding("sign-in", "to the console with a token or an API key")
    told = await provider.examine()
    return Finding(
        "sign-in", f"at {told.issuer}, which sends people back to {settings.callback_url}"
    )


async def _store(stack: Stack) -> Finding:
    """Write, read and delete a document."""
    store, path = stack.engine.store, f"orgs/doctor/names/{uuid4().hex}"
    written = {"at": stack.engine.clock.now()}
    began = time.perf_counter()
    await store.commit(Create(path, written))
    read = await store.get(path)
    await store.commit(Delete(path))
    took_ms = (time.perf_counter() - began) * 1000
    if read is None or read.data != written:
        return Finding("store", "what was written does not read back", "use another STORE_URL")
    return Finding("store", f"wrote, read and deleted a document in {took_ms:.0f} ms")


async def _queue(stack: Stack) -> Finding:
    """See whether tasks are delivered: by the server's own queue, or accepted by the cloud's."""
    settings = stack.context.settings
    if not isinstance(settings.queue, LocalQueueUrl):
        # A campaign that does not exist: whoever is delivered this task has nothing to do.
        await stack.engine.queue.enqueue(task_of(TaskKind.LANE, "doctor", "none", "poll"))
        return Finding("queue", "accepts tasks")
    url = _server_url(settings)
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            response = await client.get(f"{url}/health")
    except httpx.HTTPError:
        return Finding("queue", f"lives in the server, and none answers at {url}", _START)
    if response.is_success:
        return Finding("queue", f"lives in the server, which is well at {url}")
    return Finding("queue", f"the server at {url} answers {response.status_code}", "read its log")


def _server_url(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104  it asks, it does not listen
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


async def _clock(stack: Stack) -> Finding:
    """Compare our clock with that of the first service outside this machine that is in use."""
    url = _witness(stack.context.settings)
    if not url:
        now = iso(stack.engine.clock.now())
        return Finding("clock", f"{now}; no service outside this machine to compare it with")
    async with httpx.AsyncClient() as client:
        before = stack.engine.clock.now()
        response = await client.head(url)
        after = stack.engine.clock.now()
    skew = _skew(parsedate_to_datetime(response.headers["date"]), before, after)
    detail = f"{skew.total_seconds():+.0f} s against {url}"
    return Finding("clock", detail, "" if abs(skew) <= _SKEW else "switch on this machine's NTP")


def _skew(theirs: datetime, before: datetime, after: datetime) -> timedelta:
    """Return how far we are ahead; none where their second lies within our question."""
    if theirs > after:
        return after - theirs
    return max(before - theirs - timedelta(seconds=1), timedelta())


def _witness(settings: Settings) -> str:
    if settings.voice_provider == "plivo":
        return settings.plivo_api_url
    in_cloud = isinstance(settings.store, FirestoreUrl) and not settings.firestore_emulator_host
    if in_cloud or not isinstance(settings.queue, LocalQueueUrl):
        return "https://firestore.googleapis.com"
    return ""


async def _backlog(stack: Stack) -> list[Finding]:
    backlog = await backlog_of(stack.engine)
    return [
        _age(stack, "due campaigns", backlog.campaign),
        _age(stack, "due work", backlog.lane),
    ]


def _age(stack: Stack, name: str, oldest: Waiting | None) -> Finding:
    """Judge the oldest work: the check should have taken it up within two of its intervals."""
    if oldest is None:
        return Finding(name, "none waits")
    age = stack.engine.clock.now() - oldest.since
    detail = f"the oldest has waited {age.total_seconds():.0f} s: {oldest.path}"
    patience = timedelta(seconds=2 * stack.context.settings.check_interval_s)
    return Finding(name, detail, _CHECK if age > patience else "")


_LOOKS: Final = {
    "settings": (_settings, "compare them with .env.example"),
    "sign-in": (_sign_in, "see that OIDC_ISSUER is what the provider calls itself, and answers"),
    "store": (_store, "see that STORE_URL can be reached, and who may use it"),
    "queue": (_queue, "see that QUEUE_URL exists, and who may enqueue"),
    "clock": (_clock, "see that this machine can reach the service"),
}
