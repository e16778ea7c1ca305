"""A store before which something happens at the worst moment that the test can think of."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

from functions.engine.ports.store import Store
from tests.engine.wrapped_store import Do, Operation, WrappedStore

Happening: TypeAlias = Callable[[], Awaitable[Any]]
IsIt: TypeAlias = Callable[[str, Sequence[str]], bool]
"""Tells by "get", "query", "count" or "commit" and by the paths whether the moment has come."""

_KINDS: Final = {"get_many": "get", "stream": "query"}


class InterleavingStore(WrappedStore):
    """Runs `happening` once, just before the first operation that `is_it` recognises."""

    def __init__(self, store: Store, is_it: IsIt, happening: Happening) -> None:
        super().__init__(store, self._interleave)
        self._is_it = is_it
        self._happening: Happening | None = happening

    async def _interleave(self, operation: Operation, do: Do) -> Any:
        kind = _KINDS.get(operation.name, operation.name)
        if self._happening is not None and self._is_it(kind, operation.paths):
            happening, self._happening = self._happening, None
            await happening()
        return await do()
