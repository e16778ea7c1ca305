"""The port to the servers of subscribers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from functions.domain.notifications.notification import PostResult


class Notifier(Protocol):
    """Tells the servers of subscribers what has happened. It never sees the store.

    1. `post` never raises for what the receiver or the network does: it answers with a value.
    2. It posts the body and headers as they are, once, and follows no redirect.
    3. It gives up after about ten seconds; of an answer it keeps the status and how long to wait.
    4. A URL that names our own network, or a name that leads there, is not connected to, however
       the name resolved before; where private hosts are allowed, it is.
    5. `why_refused` tells beforehand why a URL would not be called, "" where it would.
    """

    async def why_refused(self, url: str) -> str: ...
    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> "PostResult": ...
    async def close(self) -> None: ...
