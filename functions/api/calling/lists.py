"""The functions that import and show lists of people."""

from collections import Counter
from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from starlette.datastructures import FormData

from functions.api.warnings import told_warnings
from functions.domain.contacts.phones import check_country
from functions.domain.errors import InvalidFieldError
from functions.engine.contacts import list_rows, lists
from functions.engine.contacts.member_pages import Row
from functions.engine.imports import list_upload
from functions.engine.imports.encodings import check_encoding
from functions.web.caller_route import CallerRoute, Operator, Viewer
from functions.web.fields import Cursor, Id, Name

router = APIRouter(tags=["lists"], route_class=CallerRoute)


@router.post("/upload-csv")
async def upload_csv(
    request: Request,
    file: Annotated[UploadFile, File(description="CSV with a column `number`, in E.164.")],
    list_name: Annotated[
        Name, Form(alias="listName", description="What the list is called: no other has the name.")
    ],
    context: Operator,
    *,
    append: Annotated[
        bool, Form(description="A list of that name may be there already, and gets them too.")
    ] = False,
    encoding: Annotated[
        str, Form(max_length=32, description="Of the text, such as windows-1252.")
    ] = "",
    default_country: Annotated[
        str,
        Form(
            alias="defaultCountry",
            max_length=2,
            description="Where numbers without a plus are dialled, such as US.",
        ),
    ] = "",
) -> dict[str, Any]:
    """Make a list of the people in a CSV or .xlsx file; bad rows are told, good ones kept."""
    _check_once(await request.form())
    name = list_name.strip()
    if not name:
        raise InvalidFieldError("listName", "listName: is empty")
    result = await list_upload.import_csv(
        context.engine,
        context.org,
        name,
        file.file,
        append=append,
        encoding=check_encoding("encoding", encoding),
        default_country=check_country("defaultCountry", default_country),
        has_gone=request.is_disconnected,
    )
    return {
        "status": 200,
        "message": f"{result.imported} contact(s) imported",
        "listId": result.list_id,
        "listName": name,
        "imported": result.imported,
        "duplicates": result.duplicates,
        "invalid": result.invalid,
        "errors": [row._asdict() for row in result.bad_rows],
        **told_warnings(result.warnings),
    }


_FIELDS: Final = frozenset({"file", "listName", "append", "encoding", "defaultCountry"})


def _check_once(form: FormData) -> None:
    """Refuse a form that says something twice, or something that we do not know."""
    counts = Counter(name for name, _ in form.multi_items())
    for name, count in counts.items():
        if name not in _FIELDS:
            known = ", ".join(sorted(_FIELDS))
            raise InvalidFieldError(name[:100], f"{name[:100]}: is none of {known}")
        if count > 1:
            raise InvalidFieldError(name, f"{name}: is given {count} times; give it once")


@router.get("/get-list-contact")
async def get_list_contact(
    context: Viewer,
    list_id: Annotated[Id, Query(alias="listId")],
    cursor: Annotated[Cursor, Query()] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Show the people of a list, page by page."""
    context.require_contacts()
    people = (await lists.load(context.engine, context.org, list_id)).value
    rows, following = await list_rows.rows(
        context.engine, context.org, list_id, limit=limit, after=cursor or None
    )
    return {
        "status": 200,
        "message": "OK",
        "listId": list_id,
        "listName": people.name,
        "totalContacts": people.size,
        "contacts": [_shown(row) for row in rows],
        "nextCursor": following,
    }


def _shown(row: Row) -> dict[str, Any]:
    return {
        "number": row["address"],
        "timezones": row["zones"],
        "attributes": row.get("attributes", {}),
    }
