"""The emulator script keeps its data between runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.emulator import PROJECT

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2]

_ADD = """
import asyncio, os
from functions.engine.ports.store import Create, Query
from functions.stores.firestore.store import FirestoreStore
from functions.stores.indexes import Indexes

async def add():
    host, project = os.environ["FIRESTORE_EMULATOR_HOST"], os.environ["STORE_URL"][12:]
    store = FirestoreStore.connect(project, emulator_host=host, indexes=Indexes({}))
    before = await store.count(Query("things"))
    await store.commit(Create(f"things/{before}", {}))
    await store.close()
    return before

print("before:", asyncio.run(add()))
raise SystemExit(7)
"""


def test_keeps_data_between_runs(tmp_path: Path, firestore_emulator: str) -> None:
    """A command finds what the last one wrote, and its exit code is the script's."""
    assert firestore_emulator  # the script needs what the fixture needs
    script = [sys.executable, "-m", "infra.emulator", "--data", str(tmp_path / "emulator")]
    for run in range(2):
        done = subprocess.run(  # noqa: S603  our own script
            [*script, sys.executable, "-c", _ADD],
            cwd=FOLDER,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 7, done.stderr
        assert f"before: {run}" in done.stdout
        assert "FIRESTORE_EMULATOR_HOST=127.0.0.1:" in done.stdout
    assert PROJECT.startswith("demo-")  # Google's tools never take such a project for a real one
