"""The file of an import, stored in chunks as it comes in; the last one queues the import."""

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Final
from uuid import uuid4

import structlog

from functions.domain.contacts import import_row
from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.contacts import list_names
from functions.engine.imports.job import BLANK, ImportStatus, job_path
from functions.engine.imports.row_files import FileFormat
from functions.engine.imports.tables import Head, TableRows, header_of
from functions.engine.kernel.concurrency import in_turn
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.task_queue import TaskKind, enqueue, task_of
from functions.engine.ports.store import Create, Delete, Document, StoreError, Update, Write

log = structlog.get_logger()

#: A document holds text: a byte is kept as the character of its number, of two bytes at most.
#: So a chunk stays below the megabyte that a document may have.
CHUNK: Final = 500_000
_ENCODING: Final = "latin-1"
#: An upload that brings no chunk for so long is taken for dead.
_PATIENCE: Final = timedelta(minutes=10)
_AT_ONCE: Final = 500


class OnExisting(StrEnum):
    """What becomes of a contact that is there already."""

    UPDATE = "update"  #: it gets what the row says
    KEEP = "keep"  #: it stays as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What somebody wants to be done with a file."""

    name: str  #: of the file
    format: FileFormat
    by: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    list_id: str | None = None  #: the list to put everybody on
    list_name: str | None = None  #: of a list to be made for them
    append: bool = False  #: a list of that name may be there, and gets them too
    on_existing: OnExisting = OnExisting.UPDATE
    encoding: str = ""  #: of a file without marks; "" where its bytes are to tell
    default_country: str = ""  #: where numbers without a plus are dialled; "": as the settings say


class Upload:
    """A file that comes in. To be finished or abandoned; one that dies is swept up by the check."""

    def __init__(self, engine: Engine, org: str) -> None:
        self.id = uuid4().hex
        self._engine = engine
        self._org = org
        self._head = Head()
        self._waiting = bytearray()  #: less than a chunk
        self._total = 0
        self._chunks = 0
        self._version = 0
        self._data: dict[str, Any] = {**BLANK, "created_at": engine.clock.now()}
        self._is_queued = False

    async def write(self, data: bytes) -> None:
        """Take the next bytes. Raises ConflictError once the upload was taken for dead."""
        self._head.feed(data)
        self._total += len(data)
        self._waiting += data
        while len(self._waiting) >= CHUNK:
            chunk = self._next_chunk()
            until = self._engine.clock.now() + _PATIENCE
            fields = {"status": ImportStatus.UPLOADING, "wake_at": until, "chunks": self._chunks}
            await self._commit(fields, chunk)

    async def finish(self, wish: ImportRequest) -> Document:
        """Queue the import.

        Raises InvalidFieldError, NotFoundError and NameTakenError, with nothing queued.
        """
        header = await in_turn(partial(self._header, wish))
        wish, claims = await self._named(wish)
        fields = {**await self._wanted(wish), **header}
        chunks = [self._next_chunk()] if self._waiting else []
        now = self._engine.clock.now()
        fields |= {"status": ImportStatus.QUEUED, "wake_at": now, "chunks": self._chunks}
        await self._commit(fields, *chunks, *claims)
        self._is_queued = True
        log.info("import_queued", org=self._org, import_id=self.id, bytes=self._total)
        await enqueue(self._engine, task_of(TaskKind.IMPORT, self._org, self.id))
        return Document(job_path(self._org, self.id), self._version, self._data)

    async def abandon(self) -> None:
        """Remove what has come in; what cannot be removed now is left to the check."""
        self._head.close()
        if self._version and not self._is_queued:
            with suppress(StoreError):
                await remove(self._engine, self._org, self.id, self._chunks)

    def _next_chunk(self) -> Create:
        path = chunk_path(self._org, self.id, self._chunks)
        data = self._waiting[:CHUNK].decode(_ENCODING)
        del self._waiting[:CHUNK]
        self._chunks += 1
        return Create(path, {"data": data})

    async def _commit(self, fields: Mapping[str, Any], *others: Write) -> None:
        path = job_path(self._org, self.id)
        self._data.update(fields)
        if self._version:
            write: Create | Update = Update(path, fields, self._version)
        else:
            write = Create(path, self._data)
        self._version = (await self._engine.store.commit(write, *others))[0]

    async def _named(self, wish: ImportRequest) -> tuple[ImportRequest, Sequence[Write]]:
        """Return the request by the id of its list, or with the write that names a new one."""
        name, org = wish.list_name, self._org
        if name is None:
            return wish, ()
        holder = await list_names.holder_of(self._engine, org, name)
        if wish.append and holder is not None and holder.exists:
            return replace(wish, list_id=holder.list_id, list_name=None), ()
        return wish, (await list_names.claim(self._engine, org, name, self.id),)

    async def _wanted(self, wish: ImportRequest) -> dict[str, Any]:
        list_id = wish.list_id
        if list_id and await self._engine.store.get(paths.list_(self._org, list_id)) is None:
            raise NotFoundError("List", list_id)
        return {
            "name": wish.name,
            "by": wish.by,
            "mapping": [{"column": c, "field": f} for c, f in wish.mapping.items()],
            "on_existing": wish.on_existing,
            "list_id": list_id or (self.id if wish.list_name else None),
            "list_name": wish.list_name,
            "bytes_total": self._total,
            "size": self._total,
            "default_country": await country_for(self._engine, self._org, wish.default_country),
        }

    def _header(self, wish: ImportRequest) -> dict[str, Any]:
        """Return what the file is and its first line says, and where the rows begin behind it."""
        with closing(self._head) as head:
            if not self._total:
                raise InvalidFieldError("file", "file: is empty")
            kind = head.kind(wish.format, wish.encoding)
            if kind.format is FileFormat.JSON_LINES:
                import_row.check_mapping(wish.mapping)
                table = {"columns": [], "fields": [], "delimiter": ""}
            else:
                with closing(head.rows(kind)) as rows:
                    table = _table(rows, wish.mapping)
        fields = list(zip(table["columns"], table["fields"], strict=True))
        found = [*kind.warnings, *import_row.renamed(fields)]
        told = {"warnings": [asdict(each) for each in found]}
        return {"format": kind.format, "encoding": kind.encoding, **table, **told}


def _table(rows: TableRows, mapping: Mapping[str, str]) -> dict[str, Any]:
    columns = header_of(rows, import_row.address_columns(mapping))
    fields = import_row.fields_of(columns, mapping)
    told = {"columns": columns, "fields": fields, "delimiter": rows.delimiter}
    return {**told, **rows.behind._asdict()}


async def country_for(engine: Engine, org: str, named: str) -> str:
    """Return where a file's numbers without a plus are dialled, "" for nowhere."""
    return named or (await organisation.load(engine, org)).default_country


def chunk_path(org: str, import_id: str, number: int) -> str:
    """Return the path of one chunk of a file."""
    return paths.import_part(org, import_id, "chunks", f"{number:05d}")


async def read_chunk(engine: Engine, org: str, import_id: str, number: int) -> bytes:
    """Return one chunk of a file. Raises StoreError where it is gone."""
    document = await engine.store.get(chunk_path(org, import_id, number))
    if document is None:
        raise StoreError(f"chunk {number} of the import {import_id} is gone")
    text: str = document.data["data"]
    return text.encode(_ENCODING)


async def remove_chunks(engine: Engine, org: str, import_id: str, chunks: int) -> None:
    """Remove a file."""
    for start in range(0, chunks, _AT_ONCE):
        part = range(start, min(chunks, start + _AT_ONCE))
        await engine.store.commit(*(Delete(chunk_path(org, import_id, each)) for each in part))


async def remove(engine: Engine, org: str, import_id: str, chunks: int) -> None:
    """Remove an import that was never queued; its document last, by which its file is found."""
    await remove_chunks(engine, org, import_id, chunks)
    await engine.store.commit(Delete(job_path(org, import_id)))
