"""Libraries import at once what they only might use; here they are imported without it.

structlog would draw tracebacks with rich, httpx has a command line that draws with it, and FastAPI
asks of each field whether it is one of pydantic's first version: together that took a fifth of a
cold start. Nor is garbage looked for while modules are imported, which make none. This comes before
all else that is imported (bootstrap/entry.py), and `done` at the end.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _without(package: str) -> Iterator[None]:
    """Have what is imported meanwhile find no such package, unless it is there already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # what Python reads as absent
    try:
        yield
    finally:
        del sys.modules[package]


gc.disable()
# Nobody here has such models: FastAPI goes on where they are not there.
sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]
with _without("rich"):
    import httpx  # noqa: F401  imported for those who come later
    import structlog  # noqa: F401


def done() -> None:
    """Look for garbage from now on, though not among what has been imported."""
    gc.freeze()
    gc.enable()
