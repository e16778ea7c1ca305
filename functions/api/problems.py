"""From an error to what the caller is told: the one table of statuses, and the body's shape."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from functions.api.auth import ForbiddenError, InvalidOrgError, UnauthenticatedError
from functions.api.keys import KeysUnavailableError
from functions.domain.errors import (
    InvalidFieldError,
    NameTakenError,
    NotFoundError,
    WrongStatusError,
)
from functions.engine.ports import SignatureError, StoreError

log = structlog.get_logger()

STATUS: Final[Mapping[type[Exception], int]] = {
    InvalidFieldError: 400,
    WrongStatusError: 400,
    InvalidOrgError: 400,
    UnauthenticatedError: 401,
    SignatureError: 403,
    ForbiddenError: 403,
    NotFoundError: 404,
    NameTakenError: 409,
    KeysUnavailableError: 503,
}


def add_handlers(app: FastAPI) -> None:
    """Answer every error of `app` with a status, a sentence and, where it has one, its field."""
    for kind in STATUS:
        app.add_exception_handler(kind, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(Exception, _broken)


def answer(status: int, message: str, **more: Any) -> JSONResponse:
    """Return an error in the shape that all functions share."""
    return JSONResponse({"status": status, "message": message, **more}, status)


async def _known(_: Request, error: Exception) -> JSONResponse:
    status = STATUS[type(error)]
    field = getattr(error, "field", None)
    response = answer(status, str(error), **({"field": field} if field else {}))
    if isinstance(error, UnauthenticatedError):
        response.headers["www-authenticate"] = "Bearer"  # RFC 9110, 15.5.2
    return response


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker
    response = answer(error.status_code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


async def _store(_: Request, error: Exception) -> JSONResponse:
    log.error("store_failed", error=str(error))
    return answer(503, "The store did not answer. See what was done before you try again.")


async def _broken(_: Request, __: Exception) -> JSONResponse:
    # Nothing of the error is told: nobody knows what it quotes.
    return answer(500, "Something broke on our side.")


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - for the type checker
    errors = [_field_error(each) for each in error.errors()]
    message = "; ".join(_sentence(each) for each in errors)
    return answer(400, message, field=errors[0]["field"], errors=errors)


def _field_error(error: Mapping[str, Any]) -> dict[str, str]:
    return {"field": _name(error["loc"]), "rule": error["type"], "message": _text(error)}


def _name(loc: Sequence[Any]) -> str:
    """Return the field's name as the caller wrote it; the place it came in stands before it."""
    names = [str(part) for part in loc if not isinstance(part, int)]
    return ".".join(names[1:]) or str(loc[0])


def _text(error: Mapping[str, Any]) -> str:
    """Return the rule in words; a validator of ours composes its own sentence."""
    cause = (error.get("ctx") or {}).get("error")
    if isinstance(cause, Exception):
        return str(cause)
    return str(error["msg"])


def _sentence(error: Mapping[str, str]) -> str:
    field, text = error["field"], error["message"]
    # A sentence that names its field says enough.
    return text if re.search(rf"\b{re.escape(field)}\b", text) else f"{field}: {text}"
