"""From an error to what the caller is told: the one table of statuses, and the bodies' shapes.

The REST API answers with problem documents (RFC 9457), the functions with `{status, message}`.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from functions import logs
from functions.domain.errors import (
    AnswerNotKeptError,
    BrokenOffError,
    DomainError,
    EventExistsError,
    InUseError,
    KeyInUseError,
    KeyReusedError,
    MigrationRunningError,
    NameTakenError,
    NotFoundError,
    StaleError,
    word,
)
from functions.engine.ports.channel import SignatureError
from functions.engine.ports.store import StoreError
from functions.web.auth import ForbiddenError, InvalidOrgError, UnauthenticatedError
from functions.web.jwks import KeysUnavailableError
from functions.web.middleware.key_guesses import TooManyWrongKeysError
from functions.web.openapi import PROBLEM_TYPE
from functions.web.rate_limit import RateLimitedError
from functions.web.signing_in.sessions import SignInOffError

log = structlog.get_logger()

#: The status of each error, and of those that stand on it and have none of their own.
STATUS: Final[Mapping[type[Exception], int]] = {
    DomainError: 400,
    InvalidOrgError: 400,
    UnauthenticatedError: 401,
    SignatureError: 403,
    ForbiddenError: 403,
    SignInOffError: 403,
    NotFoundError: 404,
    NameTakenError: 409,
    EventExistsError: 409,
    InUseError: 409,
    MigrationRunningError: 409,
    KeyInUseError: 409,
    AnswerNotKeptError: 409,
    BrokenOffError: 409,
    StaleError: 412,
    KeyReusedError: 422,
    RateLimitedError: 429,
    TooManyWrongKeysError: 429,
    KeysUnavailableError: 503,
    StoreError: 503,
}
#: The codes of errors that carry none themselves.
CODES: Final[Mapping[int, str]] = {
    400: "BAD_REQUEST",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "TOO_LARGE",
    503: "UNAVAILABLE",
}
_MOST_ERRORS: Final = 100


class Problem(NamedTuple):
    """What is told of an error, whatever the shape."""

    status: int
    code: str
    detail: str
    field: str | None = None
    errors: Sequence[Mapping[str, Any]] = ()
    headers: Mapping[str, str] = MappingProxyType({})


def answer(status: int, message: str, **more: Any) -> JSONResponse:
    """Return an error in the shape that all functions share."""
    return JSONResponse({"status": status, "message": message, **more}, status)


def not_found(request: Request) -> JSONResponse:
    """Return what is answered where there is nothing."""
    return _document(request, Problem(404, "NOT_FOUND", "Not Found"))


def answer_to(request: Request, error: Exception) -> JSONResponse | None:
    """Return what is answered to an error, None where it is no error that we know."""
    match error:
        case RequestValidationError():
            return _rendered(request, _of_validation(error))
        case HTTPException():
            return _rendered(request, _of_http(error))
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), None)
    return None if status is None else _rendered(request, _of_error(error, status))


def broken(request: Request) -> JSONResponse:
    """Return what is answered to an error that we do not know."""
    # Nothing of the error is told: nobody knows what it quotes.
    return _rendered(request, Problem(500, "INTERNAL_ERROR", "Something broke on our side."))


def _of_error(error: Exception, status: int) -> Problem:
    code = getattr(error, "code", CODES.get(status, ""))
    match error:
        case StoreError():
            log.error("store_failed", error=str(error))
            sentence = "The store did not answer. See what was done before you try again."
            return Problem(status, code, sentence)
        case UnauthenticatedError():
            headers = {"www-authenticate": "Bearer"}  # RFC 9110, 15.5.2
            return Problem(status, code, str(error), headers=headers)
        case RateLimitedError(retry_after_s=seconds) | TooManyWrongKeysError(retry_after_s=seconds):
            return Problem(status, code, str(error), headers={"retry-after": str(seconds)})
    field, errors = getattr(error, "field", None), getattr(error, "errors", ())
    return Problem(status, code, str(error), field, errors)


def _of_http(error: HTTPException) -> Problem:
    code = CODES.get(error.status_code, HTTPStatus(error.status_code).name)
    headers = dict(error.headers or {})
    return Problem(error.status_code, code, str(error.detail), headers=headers)


def _of_validation(error: RequestValidationError) -> Problem:
    errors = [
        {"field": _name(each["loc"]), "rule": each["type"], "message": _text(each)}
        for each in error.errors()[:_MOST_ERRORS]
    ]
    message = "; ".join(_sentence(each) for each in errors)
    return Problem(400, _code_of(error.errors()[0]), message, errors[0]["field"], errors)


#: What is wrong with a body that is no JSON object at all.
_NO_OBJECT: Final = frozenset({"missing", "model_attributes_type", "model_type", "dict_type"})


def _code_of(first: Mapping[str, Any]) -> str:
    """Return the code of a broken rule: of an id in the path, of the whole body, of a field."""
    place, *names = first["loc"]
    if first["type"] == "json_invalid":
        return "INVALID_REQUEST"
    if place == "body" and not names and first["type"] in _NO_OBJECT:
        return "INVALID_REQUEST"
    if place == "path" and str(names[0]).endswith("_id"):
        return f"INVALID_{word(str(names[0]).removesuffix('_id'))}_ID"
    return "INVALID_FIELD"


def _name(loc: Sequence[Any]) -> str:
    """Return the field's name as the caller wrote it; the place it came in stands before it."""
    names = [str(part) for part in loc if not isinstance(part, int)]
    return ".".join(names[1:]) or str(loc[0])


def _text(error: Mapping[str, Any]) -> str:
    """Return the rule in words; a validator of ours composes its own sentence."""
    cause = (error.get("ctx") or {}).get("error")
    if isinstance(cause, Exception):
        return str(cause)
    if error["type"] == "json_invalid":
        return f"is no JSON: {str(cause).lower()} at character {error['loc'][-1]}"
    return str(error["msg"])


def _sentence(error: Mapping[str, str]) -> str:
    name, text = error["field"], error["message"]
    # A sentence that names its field says enough.
    return text if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) else f"{name}: {text}"


def _rendered(request: Request, problem: Problem) -> JSONResponse:
    if _tells_problems(request):
        response = _document(request, problem)
    else:
        steers = first_segment(request.scope["path"]) in _STEERING
        response = _failure(problem, {"success": False} if steers else {})
    response.headers.update(problem.headers)
    return response


def _tells_problems(request: Request) -> bool:
    """Tell whether a request is one to the REST API, by its route, or else by its path."""
    route = request.scope.get("route")
    if route is not None:
        return getattr(route, "tells_problems", False)
    return first_segment(request.scope["path"]) not in request.app.state.functions


def first_segment(path: str) -> str:
    """Return the beginning of a path that its function is named after."""
    return "/" + path.removeprefix("/").partition("/")[0]


def _document(request: Request, problem: Problem) -> JSONResponse:
    body = {
        "type": f"{request.app.state.context.problem_pages}/{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if id_ := logs.request_id():
        body["request_id"] = id_
    return JSONResponse(body | _details(problem), problem.status, media_type=PROBLEM_TYPE)


#: Functions whose answers all say whether they did it.
_STEERING: Final = frozenset({"/pause-campaign", "/resume-campaign", "/cancel-campaign"})


def _failure(problem: Problem, more: Mapping[str, Any]) -> JSONResponse:
    return answer(problem.status, problem.detail, **more, **_details(problem))


def _details(problem: Problem) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if problem.field:
        details["field"] = problem.field
    if problem.errors:
        details["errors"] = list(problem.errors[:_MOST_ERRORS])
    return details
