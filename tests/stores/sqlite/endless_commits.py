"""Commits documents to a SQLite store until it is killed, and prints the id of each when it is in.

python endless_commits.py PATH
"""

import asyncio
import sys

from functions.engine.ports.store import Create
from functions.stores.indexes import Indexes
from functions.stores.sqlite.store import SqliteStore


async def commit_endlessly(path: str) -> None:
    """Create things in pairs, several commits at a time."""
    store = SqliteStore(path, Indexes({}))

    async def commit(number: int) -> None:
        pair = (Create(f"orgs/o/things/{number}-{side}", {"n": number}) for side in "ab")
        await store.commit(*pair)
        print(number, flush=True)  # noqa: T201  the test reads it

    for number in range(0, 10**9, 5):
        await asyncio.gather(*(commit(number + offset) for offset in range(5)))


asyncio.run(commit_endlessly(sys.argv[1]))
