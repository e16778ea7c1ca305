"""How the simulated carrier calls us back: signed, in its own time, and again where refused."""

import asyncio
import heapq
import hmac
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

import structlog

from functions.channels.callback_urls import CallbackEvent, check_signature, check_size
from functions.channels.simulator.ledger import Placed
from functions.channels.simulator.script import Fate, Notice
from functions.engine.ports.channel import WebhookRequest
from functions.engine.ports.clock import Clock

SIGNATURE_HEADER: Final = "x-simulator-signature"

#: Seconds to wait before a callback that was not answered 2xx is tried again; then it is lost.
RETRY_AFTER_S: Final = (0.2, 1.0, 5.0, 15.0)

#: What tells how a call or a text has ended.
ENDS: Final = frozenset({CallbackEvent.HANGUP, CallbackEvent.RECEIPT})

_AT_ONCE: Final = 64  #: callbacks in flight: enough to keep a server busy, not to swamp it

Deliver = Callable[[WebhookRequest], Awaitable[int]]
"""Takes a callback to the application and returns the status of its answer."""

log = structlog.get_logger(__name__)


class Seal:
    """The signature of the carrier's callbacks."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def signed(self, url: str, body: bytes) -> WebhookRequest:
        """Return a callback as it is sent."""
        headers = {"content-type": "application/json", SIGNATURE_HEADER: self._sign(url, body)}
        return WebhookRequest("POST", url, headers, body)

    def check(self, request: WebhookRequest) -> None:
        """Raise SignatureError unless this key has signed the callback."""
        check_size(request.body)
        given = request.headers.get(SIGNATURE_HEADER, "")
        check_signature(given, self._sign(request.url, request.body))

    def _sign(self, url: str, body: bytes) -> str:
        return hmac.digest(self._key, url.encode() + b"\n" + body, sha256).hex()


@dataclass(slots=True)
class Story:
    """A call or a text that was placed, and what is told of it."""

    placed: Placed
    fate: Fate
    ended: bool = False


class _Step(NamedTuple):
    """A callback that is to be made; in a heap, the next one first."""

    due_s: float
    order: int
    story: Story
    position: int  #: which of the story's notices
    tries: int = 0


class Callbacks:
    """Makes the callbacks of stories: by a background task after `start`, or by `run_due`.

    `request` puts a notice into a callback; `end` is told once that nothing more will be said.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        deliver: Deliver,
        request: Callable[[Story, Notice], WebhookRequest],
        end: Callable[[Story], None],
    ) -> None:
        self._clock = clock
        self._deliver = deliver
        self._request = request
        self._end = end
        self._steps: list[_Step] = []
        self._dropped = set[str]()
        self._order = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._under_way = set[asyncio.Task[bool]]()

    def begin(self, story: Story) -> None:
        """Tell a story from its first notice on."""
        self._push(story, 0)

    def drop(self, placed_id: str) -> None:
        """Tell no more of what was recalled."""
        self._dropped.add(placed_id)

    def start(self) -> None:
        """Make callbacks in the background, from within a running event loop."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def run_due(self) -> int:
        """Make the callbacks that are due now; return how many were answered 2xx."""
        made = 0
        while steps := self._take_due():
            made += sum(await asyncio.gather(*map(self._take_step, steps)))
        return made

    async def close(self) -> None:
        """Stop making callbacks in the background."""
        tasks = [*self._under_way, *([self._task] if self._task is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._task = None

    def _now_s(self) -> float:
        return self._clock.now().timestamp()

    def _push(self, story: Story, position: int) -> None:
        """Schedule a story's next callback; the one after it follows when this one was answered."""
        if position < len(story.fate.notices):
            due_s = story.placed.at.timestamp() + story.fate.notices[position].after_s
            self._schedule(due_s, story, position)

    def _schedule(self, due_s: float, story: Story, position: int, tries: int = 0) -> None:
        self._order += 1
        step = _Step(due_s, self._order, story, position, tries)
        heapq.heappush(self._steps, step)
        if self._steps[0] is step:
            self._wake.set()

    def _take_due(self) -> list[_Step]:
        """Take what is due, as far as so much may be in flight."""
        now_s, taken, most = self._now_s(), list[_Step](), _AT_ONCE - len(self._under_way)
        while self._steps and self._steps[0].due_s <= now_s and len(taken) < most:
            step = heapq.heappop(self._steps)
            if step.story.placed.id not in self._dropped:
                taken.append(step)
        return taken

    async def _take_step(self, step: _Step) -> bool:
        story, notice = step.story, step.story.fate.notices[step.position]
        made = not notice.lost and await self._call_back(story, notice)
        if not step.tries:  # no sooner: callbacks of a story must not overtake each other
            self._push(story, step.position + 1)
        if not made and not notice.lost and step.tries < len(RETRY_AFTER_S):
            due_s = self._now_s() + RETRY_AFTER_S[step.tries]
            self._schedule(due_s, story, step.position, step.tries + 1)
        elif notice.ends and not story.ended:
            story.ended = True
            self._end(story)
        return made

    async def _call_back(self, story: Story, notice: Notice) -> bool:
        request = self._request(story, notice)
        try:
            status = await self._deliver(request)
        except Exception:  # whatever fails on our side, a carrier only sees that it must try again
            log.warning("simulated_callback_failed", url=request.url, exc_info=True)
            return False
        return 200 <= status < 300  # noqa: PLR2004 (the success class of HTTP)

    async def _run(self) -> None:
        """Make callbacks as they come due: one that is answered late holds up no other story."""
        while True:
            self._wake.clear()
            for step in self._take_due():
                task = asyncio.create_task(self._take_step(step))
                self._under_way.add(task)
                task.add_done_callback(self._taken)
            has_room = self._steps and len(self._under_way) < _AT_ONCE
            wait_s = max(0.0, self._steps[0].due_s - self._now_s()) if has_room else None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()

    def _taken(self, task: asyncio.Task[bool]) -> None:
        self._under_way.discard(task)
        self._wake.set()
