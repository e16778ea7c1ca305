"""A receiver of notifications for engine tests: it answers as the test says and keeps a book."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from functions.domain.notifications.notification import PostResult, Responded


class Heard(NamedTuple):
    """One request, as the receiver saw it."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """What tells one notification from another, however often it is sent."""
        return self.headers["webhook-id"]

    @property
    def told(self) -> dict[str, Any]:
        """The body's members."""
        told: dict[str, Any] = json.loads(self.body)
        return told


@dataclass(slots=True)
class RecordingNotifier:
    """Notes each request in `heard`, and answers the next of `script`, else `otherwise`."""

    heard: list[Heard] = field(default_factory=list)
    script: list[PostResult] = field(default_factory=list)
    otherwise: PostResult = Responded(200)  # noqa: RUF009 - a NamedTuple does not change
    refused: str = ""  #: why every URL is refused
    on_post: Callable[[], Awaitable[Any]] | None = None  #: what else happens during a request

    async def why_refused(self, url: str) -> str:
        """Refuse as the test says."""
        _ = url
        return self.refused

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> PostResult:
        """Note the request, let others run as a network would, and answer by the script."""
        self.heard.append(Heard(url, headers, body))
        result = self.script.pop(0) if self.script else self.otherwise
        if self.on_post is not None:
            await self.on_post()
        await asyncio.sleep(0)
        return result

    async def close(self) -> None:
        """Do nothing: the receiver outlives us."""

    @property
    def types(self) -> list[str]:
        """The types of what was heard, in order."""
        return [each.told["type"] for each in self.heard]

    @property
    def times(self) -> Counter[str]:
        """How often each notification was heard."""
        return Counter(each.id for each in self.heard)
