"""Stand-ins of providers as processes of their own: they outlive whatever is killed."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[3]


class StandInProcess:
    """A stand-in that runs; `says` is the line that it has begun with."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.says = process.stdout.readline().strip()
        self._process = process

    def freeze(self) -> None:
        """Have it answer nothing (SIGSTOP); connections are still made."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Have it go on (SIGCONT), with whatever has arrived meanwhile."""
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def running(module: str, *arguments: str) -> Iterator[StandInProcess]:
    """Run a stand-in of tests/channels for the length of a `with`."""
    command = [sys.executable, "-m", f"tests.channels.{module}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as process:  # noqa: S603  our own command line
        try:
            yield StandInProcess(process)
        finally:
            process.kill()
