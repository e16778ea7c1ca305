"""Requests of this process to itself: local tasks, simulated callbacks."""

from typing import Final

import httpx

from functions.engine.ports.channel import WebhookRequest
from functions.web.caller_route import FROM_INSIDE
from functions.web.face import Face, Receive, Scope, Send

#: Where tasks are delivered.
RUN_TASK: Final = "/tasks/run"


class Loopback:
    """Requests from this process to its own application: local tasks, simulated callbacks."""

    def __init__(self) -> None:
        self.app: Face | None = None
        self._client: httpx.AsyncClient | None = None

    async def task(self, headers: dict[str, str], body: bytes) -> int:
        """Deliver a task."""
        return await self._post(RUN_TASK, headers, body)

    async def webhook(self, request: WebhookRequest) -> int:
        """Deliver a callback."""
        return await self._post(httpx.URL(request.url).path, dict(request.headers), request.body)

    async def _post(self, path: str, headers: dict[str, str], body: bytes) -> int:
        if self._client is None:
            transport = httpx.ASGITransport(self._call)
            self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        response = await self._client.post(path, headers=headers, content=body, timeout=None)
        return response.status_code

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None, "built before anything is delivered"  # noqa: S101 - for the type checker
        await self.app({**scope, FROM_INSIDE: True}, receive, send)

    async def close(self) -> None:
        """Let go of the client."""
        if self._client is not None:
            await self._client.aclose()
