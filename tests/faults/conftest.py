"""What the fault tests share: a bot, a carrier of its own process, and both stores."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import pytest

from tests.faults.rig import carriers
from tests.faults.rig.carriers import PlivoStandIn


class _Welcome(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Say that the bot is warm."""
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def bot() -> Iterator[str]:
    """Give the URL of a bot on loopback that is always ready."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Welcome) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.server_port}/talk"
        server.shutdown()


@pytest.fixture
def plivo() -> Iterator[PlivoStandIn]:
    """Give a Plivo that has placed no call yet."""
    with carriers.plivo() as stand_in:
        yield stand_in


@pytest.fixture(params=["sqlite", "firestore"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Give the settings of an empty store, of each kind."""
    if request.param == "sqlite":
        return sqlite(tmp_path)
    host: str = request.getfixturevalue("firestore_emulator")
    return {"STORE_URL": f"firestore://storm-{uuid4().hex}", "FIRESTORE_EMULATOR_HOST": host}


def sqlite(folder: Path) -> dict[str, str]:
    """Return the settings of an empty store in a file."""
    return {"STORE_URL": f"sqlite:///{folder}/clarion.db"}
