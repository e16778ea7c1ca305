"""The event loop's own time, which timeouts go by, put forward: nobody waits for silence."""

import asyncio


def put_loop_forward(seconds: float = 3600.0) -> None:
    """Let time pass for all that waits in the running event loop, and in no other clock.

    A timeout that a test waits out takes its time; a short one ends too early on a busy machine.
    """
    loop = asyncio.get_running_loop()
    time = loop.time
    loop.time = lambda: time() + seconds  # type: ignore[method-assign]
