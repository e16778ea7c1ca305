"""What every store must keep of promises 1 to 6 and 12: commits, preconditions, races."""

import asyncio
import string
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.engine.ports.store import (
    Add,
    ConflictError,
    Create,
    Delete,
    Query,
    Set,
    Store,
    StoreError,
    Update,
    Where,
)
from tests.stores.given import NOON, fill, ids, messages

_names = st.text(string.ascii_letters + 'äß.`\\" -/@', min_size=1, max_size=8)
_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_instants = st.datetimes(
    datetime(1902, 1, 1),  # noqa: DTZ001  Hypothesis adds the zone
    datetime(2262, 1, 1),  # noqa: DTZ001  the same
    timezones=st.timezones(),
).filter(lambda at: at == at.astimezone(UTC))  # Python calls an ambiguous hour equal to nothing
_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _text
    | _text.map(lambda text: f"@{text}")
    | _instants
)
_maps = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner.filter(lambda each: not isinstance(each, list)), max_size=3)
        | st.dictionaries(_names, inner, max_size=3)
    ),
    max_leaves=8,
)
documents = st.dictionaries(_names, _maps, max_size=6)


class _Colour(StrEnum):
    RED = "red"


class WritingConformance:
    """The tests of writing, for a backend's class that gives the `store` fixture."""

    # --- 1: what is written is read ---

    @settings(
        max_examples=40,
        # One store serves all examples: each reads back what it has just written.
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
            HealthCheck.too_slow,
        ],
        database=None,  # examples of one backend are not another's
    )
    @given(data=documents)
    async def test_reads_back_equal(self, store: Store, org: str, data: dict[str, Any]) -> None:
        """1: any document reads back equal."""
        path = f"orgs/{org}/things/a"
        await store.commit(Set(path, data))
        document = await store.get(path)
        assert document is not None
        assert document.data == data
        assert _types(document.data) == _types(data)

    async def test_keeps_instants_as_utc(self, store: Store, org: str) -> None:
        """1: an instant comes back in UTC, equal to the microsecond."""
        tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
        (path,) = await fill(store, org, {"at": tokyo, "list": [tokyo]})
        document = await store.get(path)
        assert document is not None
        assert document.data == {"at": NOON, "list": [NOON]}
        assert document.data["at"].utcoffset() == timedelta(0)

    async def test_keeps_enum_members_as_their_values(self, store: Store, org: str) -> None:
        """1: a member of a StrEnum and a tuple are stored as the string and list that they are."""
        (path,) = await fill(store, org, {"colour": _Colour.RED, "pair": ("a", _Colour.RED)})
        document = await store.get(path)
        assert document is not None
        assert document.data == {"colour": "red", "pair": ["a", "red"]}

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(NOON.replace(tzinfo=None), id="instant without zone"),
            pytest.param(object(), id="object"),
            pytest.param(b"bytes", id="bytes"),
            pytest.param([[1]], id="list in a list"),
            pytest.param(2**63, id="65 bits"),
            pytest.param(float("nan"), id="nan"),
            pytest.param(float("inf"), id="infinity"),
            pytest.param("\ud800", id="half a surrogate pair"),
            pytest.param({"deep": [{"deeper": object()}]}, id="deep object"),
        ],
    )
    async def test_refuses_what_it_cannot_keep(self, store: Store, org: str, value: object) -> None:
        """1: a value that would not read back equal is refused, and nothing is written."""
        good, bad = Create(f"orgs/{org}/a/1", {}), Create(f"orgs/{org}/a/2", {"value": value})
        with pytest.raises(StoreError):
            await store.commit(good, bad)
        assert await store.get(good.path) is None

    @pytest.mark.parametrize("path", ["", "a", "a/b/c", "a//b/c", "/a", "a/"])
    async def test_refuses_what_is_no_path(self, store: Store, path: str) -> None:
        """1: a path alternates collections and ids, else it is refused."""
        with pytest.raises(StoreError):
            await store.get(path)
        with pytest.raises(StoreError):
            await store.commit(Set(path, {}))

    # --- 2: all or nothing ---

    async def test_applies_nothing_of_a_failed_commit(self, store: Store, org: str) -> None:
        """2: one failed precondition keeps every other write of its commit from being applied."""
        old, new = f"{messages(org)}/old", f"orgs/{org}/things/new"
        (gone,) = await store.commit(Create(old, {"status": "draft"}))
        await store.commit(Set(old, {"status": "pending"}))
        stale = Update(old, {"status": "sent"}, if_version=gone)
        for failing in (stale, Create(old, {}), Delete(old, gone), Update(f"{new}er", {})):
            with pytest.raises(ConflictError):
                await store.commit(Set(new, {}), failing, Set(f"{new}est", {}))
        unchanged = await store.get(old)
        assert await store.get(new) is None
        assert unchanged is not None
        assert unchanged.data == {"status": "pending"}

    async def test_mixes_kinds_and_collections(self, store: Store, org: str) -> None:
        """2: one commit may create, set, update, delete and add, in several collections."""
        first, second, third = await fill(store, org, {"n": 1}, {"n": 2}, {"n": 3})
        thing = f"orgs/{org}/things/a"
        await store.commit(
            Update(first, {"m": 1}),
            Create(thing, {"n": 4}),
            Delete(second),
            Set(third, {"n": 5}),
            Add(f"{thing}s", {"n": 6}),
        )
        found = await store.get_many([first, second, third, thing, f"{thing}s"])
        assert [document and document.data for document in found] == [
            {"n": 1, "m": 1},
            None,
            {"n": 5},
            {"n": 4},
            {"n": 6},
        ]

    # --- 3, 4: preconditions ---

    async def test_creates_once(self, store: Store, org: str) -> None:
        """3: `Create` of an existing document raises ConflictError and changes nothing."""
        (path,) = await fill(store, org, {"n": 1})
        with pytest.raises(ConflictError):
            await store.commit(Create(path, {"n": 2}))
        document = await store.get(path)
        assert document is not None
        assert document.data == {"n": 1}

    async def test_creates_again_after_a_delete(self, store: Store, org: str) -> None:
        """3: a deleted document may be created anew, with a version that it never had."""
        path = f"orgs/{org}/things/a"
        (first,) = await store.commit(Create(path, {"n": 1}))
        assert await store.commit(Delete(path, first)) == [0]
        (second,) = await store.commit(Create(path, {"n": 1}))
        assert second != first

    @pytest.mark.parametrize("write", [partial(Update, changes={"n": 3}), partial(Set, data={})])
    async def test_refuses_a_stale_version(self, store: Store, org: str, write: Any) -> None:
        """4: a write over a version that is gone raises ConflictError, over the last it applies."""
        path = f"orgs/{org}/things/a"
        (first,) = await store.commit(Create(path, {"n": 1}))
        (second,) = await store.commit(Update(path, {"n": 2}, if_version=first))
        with pytest.raises(ConflictError):
            await store.commit(write(path, if_version=first))
        await store.commit(write(path, if_version=second))

    async def test_deletes_only_the_version_asked_for(self, store: Store, org: str) -> None:
        """4: `Delete` over a stale version raises ConflictError, over the last it deletes."""
        path = f"orgs/{org}/things/a"
        (first,) = await store.commit(Create(path, {"n": 1}))
        (second,) = await store.commit(Set(path, {"n": 2}))
        with pytest.raises(ConflictError):
            await store.commit(Delete(path, first))
        await store.commit(Delete(path, second))
        assert await store.get(path) is None

    async def test_refuses_a_version_of_what_is_gone(self, store: Store, org: str) -> None:
        """4: a write over a version of a missing document raises ConflictError."""
        path = f"orgs/{org}/things/a"
        (version,) = await store.commit(Create(path, {}))
        await store.commit(Delete(path))
        for write in (
            Update(path, {"n": 1}, version),
            Set(path, {"n": 1}, version),
            Delete(path, version),
        ):
            with pytest.raises(ConflictError):
                await store.commit(write)
        assert await store.get(path) is None

    async def test_updates_only_what_exists(self, store: Store, org: str) -> None:
        """4: `Update` of a missing document raises ConflictError."""
        path = f"orgs/{org}/new/a"
        with pytest.raises(ConflictError):
            await store.commit(Update(path, {"n": 1}))
        assert await store.get(path) is None

    async def test_deletes_and_sets_blindly(self, store: Store, org: str) -> None:
        """4: without if_version, `Delete` and `Set` apply whether or not the document exists."""
        path = f"orgs/{org}/things/a"
        await store.commit(Delete(path))
        await store.commit(Set(path, {"n": 1, "m": 1}))
        await store.commit(Set(path, {"n": 2}))
        document = await store.get(path)
        assert document is not None
        assert document.data == {"n": 2}

    # --- 5, 6: versions, updates ---

    async def test_answers_with_versions(self, store: Store, org: str) -> None:
        """5: commit returns a version for each write, in order, as a later read shows them."""
        a, b, c = await fill(store, org, {}, {}, {})
        versions = await store.commit(Set(c, {"n": 1}), Delete(b), Update(a, {"n": 1}))
        found = await store.get_many([c, b, a])
        assert versions == [document.version if document else 0 for document in found]

    async def test_never_repeats_a_version(self, store: Store, org: str) -> None:
        """5: every write that changes a document gives it a version that it never had."""
        path, versions = f"orgs/{org}/things/a", set()
        for number in range(20):
            versions |= set(await store.commit(Set(path, {"n": number})))
        assert len(versions) == 20

    async def test_updates_leave_the_rest_alone(self, store: Store, org: str) -> None:
        """6: `Update` replaces the fields it names, whole, and no others."""
        data = {"map": {"a": 1, "b": 2}, "kept": [1], "list": [1, 2], "gone": 1, "a.b": 1}
        (path,) = await fill(store, org, data)
        changes: dict[str, Any] = {
            "map": {"c": None},
            "list": [],
            "gone": None,
            "a.b": {},
            "new `x\\": NOON,
        }
        await store.commit(Update(path, changes))
        document = await store.get(path)
        assert document is not None
        assert document.data == {**data, **changes}

    async def test_updates_move_documents_in_queries(self, store: Store, org: str) -> None:
        """6: a query sees an updated field as it is now."""
        paths = await fill(store, org, {"status": "pending"}, {"status": "pending"})
        await store.commit(Update(paths[0], {"status": "sent"}))
        query = Query(messages(org), (Where("status", "==", "pending"),))
        assert ids(await store.query(query)) == "1"

    # --- 12: races ---

    async def test_lets_one_of_many_win(self, store: Store, org: str) -> None:
        """12: of twenty commits at once on one version of a document, exactly one succeeds."""
        path = f"orgs/{org}/things/a"
        (version,) = await store.commit(Create(path, {"by": None}))
        claims = [store.commit(Update(path, {"by": each}, version)) for each in range(20)]
        results = await asyncio.gather(*claims, return_exceptions=True)
        won = [by for by, result in enumerate(results) if isinstance(result, list)]
        lost = [result for result in results if isinstance(result, ConflictError)]
        assert (len(won), len(lost)) == (1, 19)
        document = await store.get(path)
        assert document is not None
        assert document.data == {"by": won[0]}

    async def test_lets_one_of_many_create(self, store: Store, org: str) -> None:
        """12: of twenty creations of one document at once, exactly one succeeds."""
        path = f"orgs/{org}/things/a"
        claims = [store.commit(Create(path, {"by": each})) for each in range(20)]
        results = await asyncio.gather(*claims, return_exceptions=True)
        assert sum(isinstance(result, list) for result in results) == 1
        assert sum(isinstance(result, ConflictError) for result in results) == 19


def _types(value: Any) -> Any:
    """Return a value's types, so that 1, 1.0 and True are told apart."""
    if isinstance(value, dict):
        return {name: _types(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_types(each) for each in value]
    return type(value)
