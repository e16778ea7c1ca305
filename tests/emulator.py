"""The Firestore emulator of a test run: without one tests are skipped, except in CI."""

import fcntl
import json
import os
import signal
from pathlib import Path
from typing import NoReturn

import pytest

from infra.emulator import Emulator, EmulatorError


class SharedEmulator:
    """One emulator for all processes of a run; whichever needs it first starts it.

    They agree in a folder of the run's own, whose maker stops the emulator in the end.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: Emulator | None = None

    def host(self) -> str:
        """Return its "host:port", or skip the test that asks where there is no emulator."""
        with (self._folder / "emulator.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._note.exists():
                self._note.write_text(json.dumps(self._start()))
        told = self._told()
        return told["host"] if "host" in told else _do_without(told["missing"])

    def stop(self) -> None:
        """End it, if somebody has started it; nobody wants its data."""
        if self._note.exists() and (pid := self._told().get("pid")):
            os.kill(int(pid), signal.SIGKILL)

    @property
    def _note(self) -> Path:
        return self._folder / "emulator.json"

    def _told(self) -> dict[str, str]:
        return dict(json.loads(self._note.read_text()))

    def _start(self) -> dict[str, str]:
        try:
            self._started = Emulator()
        except EmulatorError as error:
            return {"missing": str(error)}
        return {"host": self._started.host, "pid": str(self._started._process.pid)}


def _do_without(reason: str) -> NoReturn:
    if os.environ.get("CI"):  # noqa: TID251  only whoever starts the tests knows that this is CI
        pytest.fail(f"CI needs the Firestore emulator: {reason}")
    pytest.skip(reason)
