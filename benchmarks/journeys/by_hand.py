"""The bounds of journeys: the same documents read and written through the store, without rules.

Pages and commits are as large as the engine's, and what is written are the documents that the
engine has written: only where and when anything is written is decided here.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from benchmarks.rig import ORG
from functions.engine import paths
from functions.engine.contacts.member_pages import MOST
from functions.engine.kernel.engine import Limits
from functions.engine.kernel.lanes import LAUNCH
from functions.engine.plans.walk import PAGE
from functions.engine.ports.store import Add, Create, Document, Query, Set, Store, Update, Where

#: Pages of a list that hold as many people as one commit of a launch.
_LIST_PAGES: Final = Limits().launch_page // MOST
_CHUNK: Final = Limits().chunk
_LANES: Final = [str(number) for number in range(Limits().lanes)]

Documents: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Fields by ids."""


class CampaignByHand:
    """A campaign whose walks are only reads and writes."""

    def __init__(self, store: Store, id_: str) -> None:
        self._store = store
        self._id = id_
        self._enrollments = paths.enrollments(ORG, id_)
        self._messages = paths.messages(ORG, id_)
        self._made: list[tuple[str, int]] = []  #: messages by path, with their versions

    async def begin(self, enrollments: Documents, messages: Documents) -> None:
        """Store the lanes, and those who are under way."""
        lanes = (Create(self._lane(name), {"fence": 1}) for name in (LAUNCH, *_LANES))
        await self._store.commit(*lanes)
        for collection, documents in (
            (self._enrollments, enrollments),
            (self._messages, messages),
        ):
            ids = list(documents)
            for start in range(0, len(ids), _CHUNK):
                part = ids[start : start + _CHUNK]
                writes = (Create(f"{collection}/{id_}", documents[id_]) for id_ in part)
                await self._store.commit(*writes)

    async def enroll(self, list_id: str, enrollments: Documents) -> None:
        """Read a list, and write an enrollment for each of its members, page by page."""
        left = iter(enrollments.items())
        pages = paths.pages(paths.list_(ORG, list_id))
        async for part in self._store.stream(Query(pages, limit=_LIST_PAGES)):
            new = [next(left) for page in part for _ in page.data["rows"]]
            await self._store.commit(
                self._renewed(LAUNCH, cursor=part[-1].path),
                *(Create(f"{self._enrollments}/{id_}", fields) for id_, fields in new),
                self._count(LAUNCH, e_active=len(new)),
            )

    async def walk(self, now: datetime, enrollments: Documents, messages: Documents) -> None:
        """Walk everybody who is due, in all lanes at once.

        What is written: `enrollments`, and `messages` by their enrollments' ids.
        """

        async def work(lane: str) -> None:
            where = (Where("lane", "==", f"walk-{lane}"), Where("next_at", "<=", now))
            query = Query(self._enrollments, where, ("next_at",), limit=PAGE)
            while due := await self._store.query(query):
                await self._move(lane, due, enrollments, messages)

        await asyncio.gather(*map(work, _LANES))

    async def _move(
        self, lane: str, due: Sequence[Document], enrollments: Documents, messages: Documents
    ) -> None:
        threads = (thread for each in due for thread in each.data["threads"].values())
        await self._store.get_many([f"{self._messages}/{each['message']}" for each in threads])
        await self._store.get_many([each.data["contact"] for each in due])
        new = [f"{self._messages}/{each.id}-next" for each in due]
        _, *versions = await self._store.commit(
            self._renewed(lane),
            *(Create(path, messages[each.id]) for path, each in zip(new, due, strict=True)),
            *(Set(each.path, enrollments[each.id], each.version) for each in due),
            self._count(f"walk-{lane}", pending=len(due)),
        )
        self._made += zip(new, versions, strict=False)

    async def send(self, *written: Mapping[str, Any]) -> None:
        """Write these fields, one after the other, to the messages that the walks have made."""
        for start in range(0, len(self._made), _CHUNK):
            part = self._made[start : start + _CHUNK]
            for changes in written:
                updates = [Update(path, changes, version) for path, version in part]
                count = self._count("0", sent=len(part))
                _, *versions = await self._store.commit(self._renewed("0"), *updates, count)
                part = [(path, version) for (path, _), version in zip(part, versions, strict=False)]

    def _renewed(self, lane: str, **changes: Any) -> Update:
        return Update(self._lane(lane), {"fence": 1, **changes})

    def _lane(self, name: str) -> str:
        return paths.lane(ORG, self._id, name)

    def _count(self, shard: str, **amounts: int) -> Add:
        return Add(paths.statistics(ORG, self._id, shard), amounts)


def by_enrollment(messages: Iterable[Mapping[str, Any]]) -> Documents:
    """Return messages by the ids of their enrollments."""
    return {str(fields["enrollment"]): fields for fields in messages}
