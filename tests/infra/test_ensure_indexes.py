"""Firestore's indexes become what the index file declares, in the scopes that it declares."""

from collections.abc import Iterator

import orjson
import pytest
from google.cloud.firestore_admin_v1.types import Field, Index

from infra.ensure_indexes import DECLARATION, main
from tests.infra.firestore_admin_server import DATABASE, FirestoreAdminServer

DECLARED = orjson.loads(DECLARATION.read_bytes())


@pytest.fixture
def admin() -> Iterator[FirestoreAdminServer]:
    """Give a listening Firestore without indexes."""
    listening = FirestoreAdminServer()
    listening.start()
    yield listening
    listening.stop()


def run(admin: FirestoreAdminServer) -> int:
    """Run the script."""
    return main(["--project", "p", "--endpoint", admin.endpoint])


def test_every_declared_index_is_made(admin: FirestoreAdminServer) -> None:
    """Nothing that the code needs is left to be noticed in production."""
    assert run(admin) == 0
    made = [
        (group.rpartition("/")[2], Index.QueryScope(index.query_scope).name, paths_of(index))
        for group, indexes in admin.indexes.items()
        for index in indexes
    ]
    wanted = [
        (e["collectionGroup"], e["queryScope"], [f["fieldPath"] for f in e["fields"]])
        for e in DECLARED["indexes"]
    ]
    assert sorted(made) == sorted(wanted)


def paths_of(index: Index) -> list[str]:
    """Return the declared fields of an index."""
    return [field.field_path for field in index.fields if field.field_path != "__name__"]


def test_every_declared_exemption_is_made(admin: FirestoreAdminServer) -> None:
    """Each field gets just the indexes that are declared for it, none where none are."""
    run(admin)
    for entry in DECLARED["fieldOverrides"]:
        group, path = entry["collectionGroup"], entry["fieldPath"]
        config = admin.fields[f"{DATABASE}/collectionGroups/{group}/fields/{path}"].index_config
        made = [Index.QueryScope(index.query_scope).name for index in config.indexes]
        assert made == [index["queryScope"] for index in entry["indexes"]]


def test_a_second_run_changes_nothing(
    admin: FirestoreAdminServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The name that Google adds to every index is no difference."""
    run(admin)
    admin.writes.clear()
    capsys.readouterr()
    assert run(admin) == 0
    assert admin.writes == []
    assert capsys.readouterr().out == "indexes: unchanged\n"


def test_a_changed_exemption_is_mended_alone(
    admin: FirestoreAdminServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody's change by hand is undone, and nothing else is touched."""
    run(admin)
    name = f"{DATABASE}/collectionGroups/lanes/fields/wake_at"
    admin.fields[name] = Field(name=name, index_config=Field.IndexConfig())
    capsys.readouterr()
    run(admin)
    assert capsys.readouterr().out == "indexes: updated lanes.wake_at\n"


def test_a_missing_database_fails_the_deployment(
    admin: FirestoreAdminServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reason is printed and the exit code says that nothing is in order."""
    assert main(["--project", "p", "--database", "other", "--endpoint", admin.endpoint]) == 1
    assert capsys.readouterr().err == "indexes: 404 The database does not exist.\n"
