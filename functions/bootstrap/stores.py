"""The store that a URL names."""

from pathlib import Path

from functions.engine.ports.store import Store
from functions.settings.urls import SqliteUrl, StoreUrl
from functions.stores.indexes import INDEX_FILE, Indexes


def open_store(url: StoreUrl, *, emulator_host: str = "") -> Store:
    """Return the store that a URL names; nothing is connected or created yet, but for a folder."""
    indexes = Indexes.load(INDEX_FILE)
    match url:
        case SqliteUrl(path):
            from functions.stores.sqlite.store import SqliteStore

            if path != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            return SqliteStore(path, indexes)
        case firestore:
            from functions.stores.firestore.store import FirestoreStore

            return FirestoreStore.connect(
                firestore.project,
                database=firestore.database,
                emulator_host=emulator_host or None,
                indexes=indexes,
            )
