"""The functions that import and show lists of people."""

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, UploadFile

from functions.domain.errors import InvalidFieldError
from functions.engine.contacts import lists
from functions.engine.imports import list_upload
from functions.engine.reporting import reports
from functions.web.caller_route import CallerRoute, Operator, Viewer
from functions.web.fields import Cursor, Id, Name

router = APIRouter(tags=["lists"], route_class=CallerRoute)


@router.post("/upload-csv")
async def upload_csv(
    file: Annotated[UploadFile, File()],
    list_name: Annotated[Name, Form(alias="listName")],
    context: Operator,
) -> dict[str, Any]:
    """Make a list of the people in a CSV file; bad rows are told by line, good ones kept."""
    name = list_name.strip()
    if not name:
        raise InvalidFieldError("listName", "listName: is empty")
    result = await list_upload.import_csv(context.engine, context.org, name, file.file)
    return {
        "status": 200,
        "message": f"{result.imported} contact(s) imported",
        "listId": result.list_id,
        "listName": name,
        "imported": result.imported,
        "duplicates": result.duplicates,
        "invalid": result.invalid,
        "errors": [row._asdict() for row in result.bad_rows],
    }


@router.get("/get-list-contact")
async def get_list_contact(
    context: Viewer,
    list_id: Annotated[Id, Query(alias="listId")],
    cursor: Annotated[Cursor, Query()] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Show the people of a list, page by page."""
    people = (await lists.load(context.engine, context.org, list_id)).value
    after = reports.checked(cursor) if cursor else None
    rows, following = await lists.rows(
        context.engine, context.org, list_id, limit=limit, after=after
    )
    return {
        "status": 200,
        "message": "OK",
        "listId": list_id,
        "listName": people.name,
        "totalContacts": people.size,
        "contacts": [_shown(row.data) for row in rows],
        "nextCursor": following,
    }


def _shown(member: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": member["address"],
        "timezones": member["zones"],
        "attributes": member["attributes"],
    }
