"""What tests of several folders share, and what all processes of a run share."""

import fcntl
import gc
import json
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import httpx
import pytest
from hypothesis import HealthCheck, settings
from pytest_mock import MockerFixture

from tests.emulator import SharedEmulator
from tests.salted import SALT

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

#: A name, and what makes something that JSON can hold.
Once: TypeAlias = Callable[[str, Callable[[], Any]], Any]

_EMULATOR: Final = pytest.StashKey[SharedEmulator]()
_FOLDER: Final = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Take the folder that the processes of this run share; the first one makes it."""
    told = getattr(config, "workerinput", {}).get("shared_folder")
    config.stash[_FOLDER] = Path(told or tempfile.mkdtemp(prefix="clarion-tests-"))
    config.stash[_EMULATOR] = SharedEmulator(config.stash[_FOLDER])


def pytest_collection() -> None:
    """Look for no garbage while tests are found: they make hardly any."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Look no more at what stays for the whole run: that is a fifth of a test's work."""
    gc.enable()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of pytest-xdist's about the folder."""
    node.workerinput["shared_folder"] = str(node.config.stash[_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the processes shared, whatever came of the tests."""
    if not hasattr(config, "workerinput") and (folder := config.stash.get(_FOLDER, None)):
        config.stash[_EMULATOR].stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def once(pytestconfig: pytest.Config) -> Once:
    """Give a function that does something dear once in the whole run, and tells what it told."""
    folder = pytestconfig.stash[_FOLDER]

    def tell(name: str, make: Callable[[], Any]) -> Any:
        kept = folder / f"{name}.json"
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                kept.write_text(json.dumps(make()))
        return json.loads(kept.read_text())

    return tell


@pytest.fixture
def firestore_emulator(pytestconfig: pytest.Config) -> str:
    """Give the "host:port" of the run's Firestore emulator."""
    return pytestconfig.stash[_EMULATOR].host()


@pytest.fixture(scope="session", autouse=True)
def certificates_are_read_once(session_mocker: MockerFixture) -> None:
    """Let HTTP clients that trust the same certificates share them: reading takes 15 ms each."""
    session_mocker.patch(
        "httpx._transports.default.create_ssl_context", cache(httpx.create_ssl_context)
    )


@pytest.fixture(scope="session", autouse=True)
def every_organisation_has_the_same_salt(session_mocker: MockerFixture) -> None:
    """Let tests tell the ids of people beforehand."""
    session_mocker.patch("functions.engine.process.salts.token_bytes", return_value=SALT)
