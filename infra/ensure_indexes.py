# ruff: noqa: INP001  infra/ holds scripts, it is no package
"""Make Firestore's indexes what infra/firestore.indexes.json declares, and wait until they serve.

    python infra/ensure_indexes.py --project P --database '(default)'

gcloud cannot do this: its `fields update` knows no collection-group scope, which the check's
search for lanes needs. Indexes that are not declared are left alone.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import grpc
import orjson
from google.api_core.exceptions import AlreadyExists, GoogleAPICallError
from google.auth.exceptions import GoogleAuthError
from google.cloud.firestore_admin_v1 import FirestoreAdminClient
from google.cloud.firestore_admin_v1.services.firestore_admin.transports import (
    FirestoreAdminGrpcTransport,
)
from google.cloud.firestore_admin_v1.types import Field, Index

DECLARATION = Path(__file__).parent / "firestore.indexes.json"

_BUILT_WITHIN_S = 3600  #: an index over a large collection takes its time


def ensure(client: FirestoreAdminClient, database: str, declared: Mapping[str, Any]) -> list[str]:
    """Create and change what differs, wait for it, and return what it was.

    `database` is its full name. Raises google.api_core's errors.
    """
    begun = [*_composites(client, database, declared), *_overrides(client, database, declared)]
    for _, operation in begun:
        operation.result(timeout=_BUILT_WITHIN_S)
    return [what for what, _ in begun]


def _composites(
    client: FirestoreAdminClient, database: str, declared: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    for entry in declared["indexes"]:
        parent = f"{database}/collectionGroups/{entry['collectionGroup']}"
        index = _index(entry["queryScope"], entry["fields"])
        if any(_facts(found) == _facts(index) for found in client.list_indexes(parent=parent)):
            continue
        names = ", ".join(field["fieldPath"] for field in entry["fields"])
        try:
            operation = client.create_index(parent=parent, index=index)
        except AlreadyExists:
            continue  # another deployment was faster
        yield f"created {entry['collectionGroup']} ({names})", operation


def _overrides(
    client: FirestoreAdminClient, database: str, declared: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    for entry in declared["fieldOverrides"]:
        group, path = entry["collectionGroup"], entry["fieldPath"]
        name = f"{database}/collectionGroups/{group}/fields/{path}"
        indexes = [
            _index(each["queryScope"], [{"fieldPath": path, "order": each["order"]}])
            for each in entry["indexes"]
        ]
        found = client.get_field(name=name).index_config
        if not found.uses_ancestor_config and _all_facts(found.indexes) == _all_facts(indexes):
            continue
        field = Field(name=name, index_config=Field.IndexConfig(indexes=indexes))
        request = {"field": field, "update_mask": {"paths": ["index_config"]}}
        yield f"updated {group}.{path}", client.update_field(request=request)


def _index(scope: str, fields: Sequence[Mapping[str, str]]) -> Index:
    listed = [{"field_path": field["fieldPath"], "order": field["order"]} for field in fields]
    return Index({"query_scope": scope, "fields": listed})


def _facts(index: Index) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Return what makes an index: Google adds the document's name behind the declared fields."""
    fields = tuple((field.field_path, int(field.order)) for field in index.fields)
    return int(index.query_scope), tuple(field for field in fields if field[0] != "__name__")


def _all_facts(indexes: Sequence[Index]) -> list[Any]:
    return sorted(_facts(index) for index in indexes)


def _connect(endpoint: str) -> FirestoreAdminClient:
    """Return a client of Google's API, or of a stand-in that needs no credentials."""
    if not endpoint:
        return FirestoreAdminClient()
    channel = grpc.insecure_channel(endpoint)  # type: ignore[no-untyped-call]  # grpc's gap
    return FirestoreAdminClient(transport=FirestoreAdminGrpcTransport(channel=channel))


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--project", required=True)
    parser.add_argument("--database", default="(default)")
    parser.add_argument("--endpoint", default="", help="HOST:PORT of a stand-in, for rehearsals")
    options = parser.parse_args(arguments)
    database = f"projects/{options.project}/databases/{options.database}"
    declared = orjson.loads(DECLARATION.read_bytes())
    try:
        done = ensure(_connect(options.endpoint), database, declared)
    except (GoogleAPICallError, GoogleAuthError) as error:
        sys.stderr.write(f"indexes: {error}\n")
        return 1
    sys.stdout.write(f"indexes: {', '.join(done) or 'unchanged'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
