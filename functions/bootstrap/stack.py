"""The composition root: with providers.py the only place that picks concrete classes.

It alone reads the clock.
"""

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

import httpx

from functions.bootstrap import providers
from functions.bootstrap.app import create_app
from functions.bootstrap.clock import SystemClock
from functions.bootstrap.loopback import RUN_TASK, Loopback
from functions.bootstrap.providers import Parts, build_channel, build_receiver
from functions.bootstrap.stores import open_store
from functions.domain.contacts.sender_lists import read_grants
from functions.domain.messages.attempts import DeliveryPolicy
from functions.domain.urls.tracking_links import Links
from functions.engine.kernel.engine import Engine, Limits
from functions.engine.ports.channel import Receiver
from functions.engine.ports.clock import Clock
from functions.engine.ports.queue import TaskQueue
from functions.engine.ports.store import Store
from functions.settings.load import uses_of
from functions.settings.model import Settings
from functions.settings.providers import Use
from functions.settings.urls import CloudTasksUrl, LocalQueueUrl, SqliteUrl, StoreUrl
from functions.transport import public_http
from functions.transport.notifier import HttpNotifier
from functions.transport.voice_bots import HttpBots
from functions.web.auth import Authenticator, Callers
from functions.web.context import AppContext
from functions.web.face import Face
from functions.web.invoker import Invoker
from functions.web.middleware.key_guesses import KeyGuesses
from functions.web.rate_limit import RateLimiter
from functions.web.signing_in.sessions import Sessions, Way

if TYPE_CHECKING:
    from functions.web.signing_in.provider import Provider

_BACKOFF = (timedelta(milliseconds=200), timedelta(seconds=30))
#: Within this time every task has sent what it has claimed and handed on the rest.
_GRACE = timedelta(seconds=10)


class _Worker(Protocol):
    """Something that works in the background of this process."""

    def start(self) -> None: ...


class _Closable(Protocol):
    async def close(self) -> None: ...


@dataclass(slots=True)
class Stack:
    """A whole Clarion in one process."""

    context: AppContext
    app: Face
    workers: list[_Worker] = field(default_factory=list)
    closables: list[_Closable] = field(default_factory=list)

    @property
    def engine(self) -> Engine:
        """The use cases' ports and sizes."""
        return self.context.engine

    def start(self) -> None:
        """Begin what works in the background: the local queue, the simulated carrier."""
        for worker in self.workers:
            worker.start()

    async def close(self) -> None:
        """Let tasks finish what they have claimed, then let go of everything."""
        self.engine.stopping.set()
        for closable in self.closables:
            await closable.close()


#: How long a thread waits for Python's lock before it asks for it, seconds. Python's own five
#: milliseconds are as long as a request takes, or as writing a page of messages to disk.
SWITCH_S: Final = 0.0005


def build(
    settings: Settings,
    target: str = "app",
    *,
    clock: Clock | None = None,
    callers: Callers | None = None,
    store: Store | None = None,
) -> Stack:
    """Put together what `settings` name and `target` uses; nothing is connected or started yet.

    `callers` tells who calls in place of AUTH_MODE; `store` is used in place of STORE_URL.
    """
    clock = clock or SystemClock()
    # A request waits so long for a thread that keeps the processor busy, again and again.
    sys.setswitchinterval(SWITCH_S)
    uses = uses_of(target, settings)
    inside = Loopback()
    # One client for everything: each of its own would read the certificates again, 50 ms.
    http = public_http.client()
    if store is None:
        store = open_store(settings.store, emulator_host=settings.firestore_emulator_host)
    queue = _queue(settings, clock, inside)
    names = providers.chosen(settings)
    parts = Parts(settings, clock, http, inside.webhook)
    unique = dict.fromkeys(names.values())
    channels = {name: build_channel(name, parts) for name in unique if Use.SENDS in uses}
    receivers: dict[str, Receiver] = {
        name: channels.get(name) or build_receiver(name, parts) for name in unique
    }
    private = settings.allow_private_hosts
    bots = HttpBots(allow_private_hosts=private, http=http)
    notifier = HttpNotifier(allow_private_hosts=private, clock=clock, http=http)
    engine = Engine(
        store=store,
        queue=queue,
        channels=channels,
        bots=bots,
        notifier=notifier,
        clock=clock,
        limits=_limits(settings),
        policy=_policy(settings),
        providers=names,
        known={name: receiver.traits for name, receiver in receivers.items()},
        senders=read_grants(settings.org_senders),
        private_hosts=settings.allow_private_hosts,
        instance=f"{socket.gethostname()}-{os.getpid()}",
    )
    context = _context(engine, parts, receivers if Use.RECEIVES in uses else {}, target)
    if callers is not None:
        context = replace(context, authenticator=callers)
    inside.app = Face(create_app(context))
    closables: list[Any] = [queue, *channels.values(), inside, _Http(http), store]
    workers = [part for part in (queue, *channels.values()) if hasattr(part, "start")]
    return Stack(context, inside.app, workers, closables)


def _base_url(settings: Settings, target: str) -> str:
    """Return the URL of the REST API, which as a cloud function of its own lies below its name."""
    is_below = target == "api" and settings.k_service
    return f"{settings.public_base_url}/api" if is_below else settings.public_base_url


def _context(
    engine: Engine, parts: Parts, receivers: Mapping[str, Receiver], target: str
) -> AppContext:
    settings, clock, http = parts.settings, parts.clock, parts.http
    sessions = Sessions(settings, clock=clock)
    return AppContext(
        engine,
        settings,
        Authenticator(settings, http=http, clock=clock),
        sessions,
        _provider(parts) if Way.OIDC in sessions.ways else None,
        Invoker(settings, http=http, clock=clock),
        RateLimiter(settings.api_rate_per_s, clock=clock),
        KeyGuesses(clock=clock),
        f"{_base_url(settings, target)}/problems",
        # Without a secret no mail with links was ever sent: a key of nobody refuses them all.
        Links(settings.signing_secret.get_secret_value() or parts.key),
        receivers,
    )


def _provider(parts: Parts) -> "Provider":
    from functions.web.signing_in.provider import Provider

    return Provider(parts.settings, http=parts.http, clock=parts.clock)


@dataclass(slots=True)
class _Http:
    """An HTTP client that is closed like everything else."""

    client: httpx.AsyncClient

    async def close(self) -> None:
        await self.client.aclose()


def _queue(settings: Settings, clock: Clock, inside: Loopback) -> TaskQueue:
    match settings.queue:
        case LocalQueueUrl():
            from functions.queues.local import LocalQueue

            shortest, longest = _BACKOFF
            return LocalQueue(
                inside.task,
                clock,
                max_attempts=settings.task_max_attempts,
                min_backoff=shortest,
                max_backoff=longest,
                grace=_GRACE,
            )
        case CloudTasksUrl(project, location, queue):
            from functions.queues.cloud_tasks import CloudTasksQueue

            return CloudTasksQueue(
                f"projects/{project}/locations/{location}/queues/{queue}",
                settings.public_base_url + RUN_TASK,
                clock,
                dispatch_deadline=timedelta(seconds=settings.task_deadline_s + 60),
                service_account=settings.invoker_service_account,
                audience=settings.invoker_audience,
            )


def _lease_on(store: StoreUrl) -> float:
    """Return for how many seconds a lane is held without a word of its worker.

    Where a renewal costs no money and no network a dead worker is replaced the sooner.
    """
    return 2 if isinstance(store, SqliteUrl) else 10


def _limits(settings: Settings) -> Limits:
    lease_s = settings.lane_lease_s or _lease_on(settings.store)
    return Limits(
        max_campaigns=settings.max_campaigns,
        launch_page=settings.launch_page,
        dispatch_page=settings.dispatch_page,
        chunk=settings.chunk,
        lanes=settings.lanes,
        rate_per_s=settings.voice_rate_per_s,
        live_calls_per_org=settings.live_calls_per_org,
        live_calls_total=settings.live_calls_total,
        live_call_freed_within=timedelta(seconds=settings.live_call_freed_within_s),
        reserve_ahead=timedelta(seconds=min(settings.reserve_ahead_s, lease_s)),
        windows=settings.calling_windows == "default",
        receipts_moment=timedelta(milliseconds=settings.receipts_moment_ms),
        lane_lease=timedelta(seconds=lease_s),
        task_deadline=timedelta(seconds=settings.task_deadline_s),
        schedule_ahead=timedelta(days=settings.schedule_ahead_days),
        poll_after=tuple(timedelta(seconds=s) for s in settings.poll_schedule_s),
    )


def _policy(settings: Settings) -> DeliveryPolicy:
    longest = settings.call_time_limit_s + settings.ring_timeout_s + 60
    return DeliveryPolicy(
        max_attempts=settings.max_attempts,
        backoff=timedelta(seconds=settings.retry_backoff_s),
        send_lease=timedelta(seconds=settings.send_lease_s),
        unknown_wait=timedelta(seconds=settings.unknown_wait_s),
        look_up_after=timedelta(seconds=settings.look_up_after_s),
        longest_call=timedelta(seconds=longest),
        defer=timedelta(seconds=settings.defer_s),
    )
