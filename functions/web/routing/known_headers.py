"""Requests whose headers are found by their names."""

from typing import Any, Final

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import Scope

_KEY: Final = "clarion.headers"


class KnownHeaders(Headers):
    """Headers by name: a request is asked for some fifteen, most of which it does not have.

    Starlette compares each name that is asked for with every header.
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        self._first = dict(reversed(self.items()))  # of several it is the first that counts

    def __getitem__(self, key: str) -> str:
        return self._first[key.lower()]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._first

    def get(self, key: str, default: Any = None) -> Any:
        """Return what the first header of this name says."""
        return self._first.get(key.lower(), default)


def headers_of(scope: Scope) -> KnownHeaders:
    """Return the headers of a request, which are read once."""
    known: KnownHeaders | None = scope.get(_KEY)
    if known is None:
        scope[_KEY] = known = KnownHeaders(scope)
    return known


class KnownRequest(Request):
    """A request whose headers are found by their names."""

    @property
    def headers(self) -> Headers:
        """The headers, which are read once."""
        return headers_of(self.scope)
