"""What tests of several folders share, and what all processes of a run share."""

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from hypothesis import HealthCheck, settings
from pytest_mock import MockerFixture

from tests.emulator import SharedEmulator
from tests.salted import SALT

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

_EMULATOR: Final = pytest.StashKey[SharedEmulator]()
_FOLDER: Final = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Take the folder that the processes of this run share; the first one makes it."""
    told = getattr(config, "workerinput", {}).get("shared_folder")
    if told is None:
        config.stash[_FOLDER] = Path(tempfile.mkdtemp(prefix="clarion-tests-"))
    config.stash[_EMULATOR] = SharedEmulator(Path(told) if told else config.stash[_FOLDER])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of pytest-xdist's about the folder."""
    node.workerinput["shared_folder"] = str(node.config.stash[_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the processes shared, whatever came of the tests."""
    if folder := config.stash.get(_FOLDER, None):
        config.stash[_EMULATOR].stop()
        shutil.rmtree(folder)


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
