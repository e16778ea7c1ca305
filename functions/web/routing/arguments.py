"""What a handler is called with, read from a request as the handler's signature declares.

FastAPI reads signatures; what it made of one is looked through here once for each route. FastAPI
itself would look through it with every request, which takes longer than most answers do. Values
are checked by FastAPI's own fields, so that what is refused is refused in the same words.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic_core import PydanticUndefined
from starlette.datastructures import Headers, QueryParams

from functions.web.middleware.query import Parameters, members_of, takes_many
from functions.web.routing.bodies import Body
from functions.web.routing.values import Errors, Values, validated

if TYPE_CHECKING:
    from fastapi._compat import ModelField

_NO_QUERY: Final = QueryParams()


class Arguments:
    """Reads what a handler, or a dependency of one, is called with; `body`: of the request's."""

    def __init__(self, dependant: Dependant, body: Body | None = None) -> None:
        self._needed = [(each.name, each.call, Arguments(each)) for each in dependant.dependencies]
        self._of_path = _parameters("path", dependant.path_params)
        self._of_query = _parameters("query", dependant.query_params)
        self._of_headers = _parameters("header", dependant.header_params)
        self._body = body
        self._request_name = dependant.request_param_name
        self._response_name = dependant.response_param_name

    async def read(self, request: Request, response: Response) -> Values:
        """Return the arguments; `response` takes headers. Raises RequestValidationError."""
        # What is no JSON is refused before anything else is looked at.
        content = await self._body.content(request) if self._body else None
        values, errors = await self._solved(request, response)
        if self._body:
            of_body, wrong = await self._body.arguments(content)
            values |= of_body
            errors += wrong
        if errors:
            raise RequestValidationError(errors, body=content)
        return values

    async def _solved(self, request: Request, response: Response) -> tuple[Values, Errors]:
        values, errors = await self._dependencies(request, response)
        _read(self._of_path, request.path_params, values, errors)
        if self._of_query:
            query = request.query_params if request.scope["query_string"] else _NO_QUERY
            _read(self._of_query, query, values, errors)
        if self._of_headers:
            _read(self._of_headers, request.headers, values, errors)
        if self._request_name:
            values[self._request_name] = request
        if self._response_name:
            values[self._response_name] = response
        return values, errors

    async def _dependencies(self, request: Request, response: Response) -> tuple[Values, Errors]:
        values: Values = {}
        errors: Errors = []
        for name, call, arguments in self._needed:
            given, wrong = await arguments._solved(request, response)  # noqa: SLF001 - its own kind
            errors += wrong
            if call is not None and not wrong:
                made = await call(**given)
                if name is not None:
                    values[name] = made
        return values, errors


class _Parameter(NamedTuple):
    """One argument of a handler that comes from the path, the query or headers."""

    field: "ModelField"
    place: tuple[str, ...]  #: what a refusal calls it
    takes_many: bool
    members: Parameters | None  #: the names of those that together make it, where it is a model

    def value(self, given: Mapping[str, Any]) -> Any:
        """Return what a request says of it, PydanticUndefined where it says nothing."""
        if self.members is None:
            return _said(given, self.place[-1], many=self.takes_many)
        said = {name: _said(given, name, many=many) for name, many in self.members.items()}
        return {name: value for name, value in said.items() if value is not PydanticUndefined}


def _parameters(place: str, fields: Iterable["ModelField"]) -> list[_Parameter]:
    return [_parameter(place, field) for field in fields]


def _parameter(place: str, field: "ModelField") -> _Parameter:
    annotation = field.field_info.annotation
    members = members_of(annotation)
    where = (place, field.alias) if members is None else (place,)
    return _Parameter(field, where, takes_many(annotation), members)


def _said(given: Mapping[str, Any], name: str, *, many: bool) -> Any:
    if many and isinstance(given, QueryParams | Headers):
        return given.getlist(name) or PydanticUndefined
    return given.get(name, PydanticUndefined)


def _read(
    parameters: Iterable[_Parameter], given: Mapping[str, Any], values: Values, errors: Errors
) -> None:
    """Add what a request says of parameters to the values, and what is wrong to the errors."""
    for each in parameters:
        value, wrong = validated(each.field, each.value(given), each.place)
        if wrong:
            errors += wrong
        else:
            values[each.field.name] = value
