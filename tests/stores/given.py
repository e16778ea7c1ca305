"""What the tests of the stores share: an index file, and short ways to store and to find."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from functions.engine.ports.store import (
    Create,
    Document,
    Query,
    Store,
)
from functions.stores.indexes import Indexes

INDEXES = Indexes(
    {
        "indexes": [
            {
                "collectionGroup": "messages",
                "queryScope": "COLLECTION",
                "fields": [
                    {"fieldPath": "lane", "order": "ASCENDING"},
                    {"fieldPath": "next_at", "order": "ASCENDING"},
                ],
            },
            {
                "collectionGroup": "messages",
                "queryScope": "COLLECTION",
                "fields": [
                    {"fieldPath": "rank", "order": "ASCENDING"},
                    {"fieldPath": "next_at", "order": "DESCENDING"},
                ],
            },
            {
                "collectionGroup": "campaigns",
                "queryScope": "COLLECTION_GROUP",
                "fields": [
                    {"fieldPath": "status", "order": "ASCENDING"},
                    {"fieldPath": "scheduled_at", "order": "ASCENDING"},
                ],
            },
        ],
        "fieldOverrides": [
            {"collectionGroup": "messages", "fieldPath": "*", "indexes": []},
            {
                "collectionGroup": "messages",
                "fieldPath": "status",
                "indexes": [{"order": "ASCENDING", "queryScope": "COLLECTION"}],
            },
            {
                "collectionGroup": "messages",
                "fieldPath": "next_at",
                "indexes": [{"order": "DESCENDING", "queryScope": "COLLECTION"}],
            },
        ],
    }
)

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


def messages(org: str) -> str:
    """Return a collection of messages of the tenant."""
    return f"orgs/{org}/campaigns/c/messages"


async def fill(store: Store, org: str, *data: dict[str, Any]) -> list[str]:
    """Create messages with the ids 0, 1, 2 ... and return their paths."""
    paths = [f"{messages(org)}/{number}" for number in range(len(data))]
    await store.commit(*map(Create, paths, data))
    return paths


def ids(found: Sequence[Document]) -> str:
    """Return the ids of the found documents, joined."""
    return "".join(document.id for document in found)


async def walk(store: Store, query: Query) -> str:
    """Follow `after` to the end and return all the ids, joined."""
    found, page = "", await store.query(query)
    while page:
        found += ids(page)
        page = await store.query(query.after(page[-1]))
    return found
