"""The Firestore emulator for tests: without one they are skipped, except in CI."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest

from infra.emulator import Emulator, EmulatorError


@contextmanager
def emulator_host() -> Iterator[str]:
    """Run an emulator of this process's own and give its "host:port"."""
    try:
        emulator = Emulator()
    except EmulatorError as error:
        _do_without(str(error))
    try:
        yield emulator.host
    finally:
        emulator.stop()


def _do_without(reason: str) -> NoReturn:
    if os.environ.get("CI"):  # noqa: TID251  only whoever starts the tests knows that this is CI
        pytest.fail(f"CI needs the Firestore emulator: {reason}")
    pytest.skip(reason)
