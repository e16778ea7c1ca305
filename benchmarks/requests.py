"""Figure 5: create-campaign under load, against a function that does nothing."""

import tempfile

from benchmarks import served
from benchmarks.report import Row
from benchmarks.rig import INDEXES, make_list
from functions.stores.sqlite.store import SqliteStore


async def measure() -> list[Row]:
    """Measure both functions under the framework's own server, one worker each, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(f"{folder}/bench.db", INDEXES)
        await make_list(store, "people", 1)
        await store.close()
        async with served.bare() as bare, served.ours("create_campaign", folder) as ours:
            name = "create-campaign, SQLite"
            return [await served.compare(ours, served.Against(bare), name, _request, goal="told")]


def _request(word: str) -> bytes:
    """Return a request for a campaign far ahead, so that only creating it counts."""
    body = {
        "campaignName": f"Campaign {word}",
        "listId": "people",
        "fromNumber": "+12025550100",
        "wssUrl": "wss://bot.example.com/socket",
        "scheduledTime": "2099-01-01T00:00:00Z",
    }
    return served.request("POST", "/", body)
