"""Bodies of requests: JSON, or a form."""

import json
from typing import Any, Protocol

from fastapi import Request
from fastapi.dependencies.utils import request_body_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.params import Form
from fastapi.routing import APIRoute
from pydantic_core import PydanticUndefined
from starlette.exceptions import HTTPException

from functions.web.middleware.whole_text import require_whole_text
from functions.web.routing.values import Errors, Values, validated


class Body(Protocol):
    """How a route reads the body of a request."""

    async def content(self, request: Request) -> Any:
        """Return what was sent. Raises RequestValidationError and HTTPException."""
        ...

    async def arguments(self, content: Any) -> tuple[Values, Errors]:
        """Return what a handler is called with, and what is wrong with what was sent."""
        ...


def body_of(route: APIRoute) -> Body | None:
    """Return how a route reads bodies, None where it reads none."""
    if route.body_field is None:
        return None
    return FormBody(route) if takes_form(route) else JsonBody(route)


def takes_form(route: APIRoute) -> bool:
    """Tell whether a route is sent forms."""
    return route.body_field is not None and isinstance(route.body_field.field_info, Form)


class JsonBody:
    """A body that is one JSON value."""

    def __init__(self, route: APIRoute) -> None:
        (self._field,) = route.dependant.body_params

    async def content(self, request: Request) -> Any:
        """Return the value; the very bytes where they are not said to be JSON."""
        try:
            body = await request.body()
            require_whole_text(body)
            if not body:
                return PydanticUndefined
            return json.loads(body) if _is_json(request) else body
        except json.JSONDecodeError as error:
            place, cause = ("body", error.pos), {"error": error.msg}
            wrong = {"type": "json_invalid", "loc": place, "msg": "JSON decode error"}
            found = [{**wrong, "input": {}, "ctx": cause}]
            raise RequestValidationError(found, body=error.doc) from error
        except (ValueError, RecursionError) as error:
            raise HTTPException(400, "There was an error parsing the body") from error

    async def arguments(self, content: Any) -> tuple[Values, Errors]:
        """Return the one argument that is read from the value."""
        value, errors = validated(self._field, content, ("body",))
        return {self._field.name: value}, errors


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    main, _, sub = kind.partition("/")
    return main == "application" and (sub == "json" or sub.endswith("+json"))


class FormBody:
    """A body that is a form; what it is made of, FastAPI tells."""

    def __init__(self, route: APIRoute) -> None:
        self._fields = route.dependant.body_params
        self._embedded = route._embed_body_fields  # noqa: SLF001 - FastAPI tells it nowhere else

    async def content(self, request: Request) -> Any:
        """Return the form; whoever reads it closes the request's files."""
        try:
            return await request.form()
        except HTTPException:
            raise
        except Exception as error:
            raise HTTPException(400, "There was an error parsing the body") from error

    async def arguments(self, content: Any) -> tuple[Values, Errors]:
        """Return the arguments that its fields and files are read as."""
        return await request_body_to_args(self._fields, content, self._embedded)
