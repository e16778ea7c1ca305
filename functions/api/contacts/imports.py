"""Imports over REST: a file of contacts is sent in, worked off in the background, and undone."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from functions.api.warnings import Warned
from functions.domain.contacts.phones import check_country
from functions.domain.errors import InvalidFieldError
from functions.engine.imports import jobs
from functions.engine.imports.encodings import check_encoding
from functions.engine.imports.job import ImportStatus
from functions.engine.imports.row_files import FileFormat
from functions.engine.imports.upload import ImportRequest, OnExisting, Upload
from functions.engine.ports.store import Document
from functions.web import idempotency
from functions.web.auth import Area
from functions.web.caller_route import CallerContext, Operator, RestRoute, Viewer
from functions.web.context import Handle
from functions.web.cursors import (
    Cursor,
    Limit,
    Page,
    after_instant,
    decode_cursor,
    encode_cursor,
    instant_cursor,
    page,
)
from functions.web.fields import Id, MaybeInstant
from functions.web.multipart import Part, parsed_pieces, pieces

router = APIRouter(prefix="/contacts/imports", tags=[Area.CONTACTS], route_class=RestRoute)

_FIELD_BYTES: Final = 65_536
_LIST_ID: Final = re.compile(r"(?!__.*__$)[A-Za-z0-9_-]{1,64}")
_NAME: Final = 100
_JSON_LINES: Final = frozenset(
    {
        "application/jsonl",
        "application/json-lines",
        "application/x-ndjson",
        "application/x-jsonlines",
    }
)
_JSON_ENDINGS: Final = (".jsonl", ".ndjson", ".json")


class ImportProgress(BaseModel):
    """How much of the file has been worked off."""

    rows: int
    bytes: int
    bytes_total: int
    percent: float


class ImportUndone(BaseModel):
    """What undoing the import has done; people changed since, or gone, are left as they are."""

    removed: int
    restored: int
    left: int


class ImportItem(Warned):
    """An import. Its list, where it makes one, exists once it is completed."""

    id: str
    name: str
    format: FileFormat | None
    status: ImportStatus
    progress: ImportProgress
    created: int
    updated: int
    unchanged: int
    invalid: int
    duplicates: int
    on_existing: OnExisting | None
    encoding: str = Field(description='How the file is encoded; "" of a workbook.')
    default_country: str = Field(description='Where numbers without a plus are dialled, or "".')
    list_id: str | None
    created_at: MaybeInstant
    created_by: str
    started_at: MaybeInstant
    ended_at: MaybeInstant
    undo_until: MaybeInstant = Field(description="Until when it can be undone.")
    undone: ImportUndone
    error: str | None


class ImportPage(Page[ImportItem]):
    """Some imports, the newest first; `next_cursor` null: no more follow."""


class BadRow(BaseModel):
    """A row that was left out."""

    line: int
    column: str | None = Field(description="null where the whole row is to blame")
    reason: str
    kind: str = Field(description="invalid, or duplicate: an earlier row is about the same person")


class BadRowPage(Page[BadRow]):
    """Some rows that were left out, by line; `next_cursor` null: no more follow."""


class FormRoute(RestRoute):
    """A route that reads a form by itself: a repeated one may come with another boundary."""

    def guarded(self, handle: Handle) -> Handle:
        """Return the handler; a form is told by its fields and its file."""
        return idempotency.guarded(handle, form=True)


_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "format": {"type": "string", "enum": list(FileFormat)},
                        "mapping": {
                            "type": "string",
                            "description": "A JSON object: a column's name, and the field that "
                            'it fills, "attributes.<name>", or "" to leave it out.',
                        },
                        "list_id": {"type": "string", "maxLength": 64},
                        "list_name": {
                            "type": "string",
                            "maxLength": _NAME,
                            "description": "Of a list to be made: no other has the name.",
                        },
                        "append": {
                            "type": "string",
                            "enum": ["true", "false"],
                            "description": "A list of that name may be there, and gets them too.",
                        },
                        "on_existing": {"type": "string", "enum": list(OnExisting)},
                        "encoding": {
                            "type": "string",
                            "description": "Of a text file without a byte order mark, such as "
                            "windows-1252. Left out, the file's bytes tell it.",
                        },
                        "default_country": {
                            "type": "string",
                            "description": "A country's code of two letters: where numbers "
                            "without a plus are dialled. Left out, as the settings say.",
                        },
                    },
                    "required": ["file"],
                },
                "example": {
                    "file": "phone,first_name,city\n+12125552000,Ana,Boston\n",
                    "mapping": '{"city": "location"}',
                    "list_name": "Spring customers",
                },
            }
        },
    }
}


async def create_import(request: Request, context: Operator) -> dict[str, Any]:
    """Take in contacts as CSV, .xlsx or JSON lines; the file is worked off in the background.

    Columns fill the fields that they are named after, or those that `mapping` names; the others
    become attributes. People are known by phone, else by email: of several rows about one person
    the first is kept. An empty cell changes nothing.
    """
    upload = Upload(context.engine, context.org)
    known = idempotency.HEADER in request.headers
    try:
        form = await _receive(parsed_pieces(request) if known else pieces(request), upload)
        document = await upload.finish(_wish(form, context.by))
    except BaseException:
        await upload.abandon()
        raise
    return _tagged(document, context)


router.add_api_route(
    "",
    create_import,
    methods=["POST"],
    status_code=202,
    response_model=ImportItem,
    openapi_extra=_FORM,
    route_class_override=FormRoute,
)


@router.get("", response_model=ImportPage)
async def list_imports(context: Viewer, limit: Limit = 100, cursor: Cursor = "") -> dict[str, Any]:
    """List the organisation's imports, the newest first."""
    found = await jobs.page_of(
        context.engine, context.org, limit=limit, after=after_instant(cursor)
    )
    return page([_shown(each) for each in found], instant_cursor(found, limit, by="created_at"))


@router.get("/{import_id}", response_model=ImportItem)
async def get_import(import_id: Id, context: Viewer) -> dict[str, Any]:
    """Show how far an import has come."""
    return _tagged(await jobs.load(context.engine, context.org, import_id), context)


@router.get("/{import_id}/errors", response_model=BadRowPage)
async def list_import_errors(
    import_id: Id, context: Viewer, limit: Limit = 100, cursor: Cursor = ""
) -> dict[str, Any]:
    """List every row that was left out, by line, and why."""
    (after, _) = decode_cursor(cursor, int, str) or (0, "")
    found = await jobs.bad_rows(context.engine, context.org, import_id, after=after, limit=limit)
    following = None if found.after is None else encode_cursor([found.after, import_id])
    return page([{**row, "column": row["column"] or None} for row in found.rows], following)


@router.post("/{import_id}/cancel", response_model=ImportItem)
async def cancel_import(import_id: Id, context: Operator) -> dict[str, Any]:
    """Stop an import; what it has done stays, and can be undone."""
    return _tagged(await jobs.cancel(context.engine, context.org, import_id), context)


@router.post("/{import_id}/undo", status_code=202, response_model=ImportItem)
async def undo_import(import_id: Id, context: Operator) -> dict[str, Any]:
    """Undo an import that has ended, in the background.

    Whom it created is removed, whom it changed gets the former fields back, and whom it put on
    the list is taken off. People who were changed since then are left as they are.
    """
    return _tagged(await jobs.undo(context.engine, context.org, import_id), context)


_FIELDS: Final = frozenset(
    {
        *("format", "mapping", "list_id", "list_name", "append", "on_existing"),
        *("encoding", "default_country"),
    }
)


@dataclass(slots=True)
class _Form:
    """What a form says beside the file's content."""

    file: Part | None = None
    texts: dict[str, bytes] = field(default_factory=dict)

    def take(self, part: Part, data: bytes) -> None:
        """Take a piece of a field that is no file."""
        name = part.name
        if name not in _FIELDS:
            raise InvalidFieldError(name, f"{name[:_NAME]}: is not a field of this form")
        self.texts[name] = self.texts.get(name, b"") + data
        if len(self.texts[name]) > _FIELD_BYTES:
            raise InvalidFieldError(name, f"{name}: has more than {_FIELD_BYTES} bytes")

    def take_file(self, part: Part) -> None:
        """Note which part is the file."""
        if part.filename is None:
            raise InvalidFieldError("file", "file: must be a file")
        if self.file is not None and self.file is not part:
            raise InvalidFieldError("file", "file: only one can be imported at a time")
        self.file = part

    def text(self, name: str) -> str:
        """Return a field, "" where the form has none."""
        return self.texts.get(name, b"").decode(errors="replace").strip()


async def _receive(parts: AsyncIterator[tuple[Part, bytes]], upload: Upload) -> _Form:
    """Store the file as it comes in, and return what else the form says."""
    form = _Form()
    async for part, data in parts:
        if part.name == "file":
            form.take_file(part)
            await upload.write(data)
        else:
            form.take(part, data)
    return form


def _wish(form: _Form, by: str) -> ImportRequest:
    if form.file is None:
        raise InvalidFieldError("file", "file: is missing")
    list_id, list_name = _list_id(form.text("list_id")), _list_name(form.text("list_name"))
    if list_id and list_name:
        raise InvalidFieldError("list_id", "list_id: cannot go with list_name")
    return ImportRequest(
        name=(form.file.filename or "")[:_NAME],
        format=_format(form.text("format"), form.file),
        by=by,
        mapping=_mapping(form.text("mapping")),
        list_id=list_id,
        list_name=list_name,
        append=_append(form.text("append"), list_name),
        on_existing=_on_existing(form.text("on_existing")),
        encoding=check_encoding("encoding", form.text("encoding")),
        default_country=check_country("default_country", form.text("default_country")),
    )


def _format(wanted: str, file: Part) -> FileFormat:
    """Return how the file is written: as the form says, else by its type and its name.

    A workbook is told by its content.
    """
    if wanted and wanted not in list(FileFormat):
        raise InvalidFieldError("format", f"format: must be one of {', '.join(FileFormat)}")
    if wanted:
        return FileFormat(wanted)
    named_so = (file.filename or "").lower().endswith(_JSON_ENDINGS)
    return FileFormat.JSON_LINES if named_so or file.media_type in _JSON_LINES else FileFormat.CSV


def _mapping(text: str) -> Mapping[str, str]:
    try:
        mapping = orjson.loads(text) if text else {}
    except ValueError:
        mapping = None
    if not isinstance(mapping, dict) or not all(isinstance(v, str) for v in mapping.values()):
        raise InvalidFieldError("mapping", "mapping: must be a JSON object of columns and fields")
    return {column: field.strip() for column, field in mapping.items()}


def _list_id(text: str) -> str | None:
    if text and not _LIST_ID.fullmatch(text):
        raise InvalidFieldError("list_id", "list_id: is not the id of a list")
    return text or None


def _list_name(text: str) -> str | None:
    if len(text) > _NAME:
        raise InvalidFieldError("list_name", f"list_name: has more than {_NAME} characters")
    return text or None


def _append(text: str, list_name: str | None) -> bool:
    if text not in {"", "true", "false"}:
        raise InvalidFieldError("append", "append: must be true or false")
    if text == "true" and list_name is None:
        raise InvalidFieldError("append", "append: goes with list_name")
    return text == "true"


def _on_existing(text: str) -> OnExisting:
    if text and text not in list(OnExisting):
        raise InvalidFieldError(
            "on_existing", f"on_existing: must be one of {', '.join(OnExisting)}"
        )
    return OnExisting(text or OnExisting.UPDATE)


def _tagged(document: Document, context: CallerContext) -> dict[str, Any]:
    return context.tagged((_shown(document), document.version))


def _shown(document: Document) -> dict[str, Any]:
    data = document.data
    done, total = data["bytes"], data["bytes_total"]
    percent = min(100.0, round(100 * done / total, 1)) if total else 0.0
    return {
        **dict.fromkeys(("format", "on_existing")),
        "default_country": "",
        **data,
        "id": document.id,
        "name": data.get("name", ""),
        "created_by": data.get("by", ""),
        "progress": {**data, "percent": percent},
        "undone": data,
    }
