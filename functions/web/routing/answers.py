"""The answer that is made of what a handler returns."""

from collections.abc import Iterable
from typing import Any

import orjson
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import ResponseValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel


class Json(bytes):
    """An answer of a handler that is written already, such as one of parts that are remembered."""


def written(shown: BaseModel) -> bytes:
    """Return a part of an answer as it is written."""
    return shown.model_dump_json().encode()


def joined(parts: Iterable[bytes]) -> list[orjson.Fragment]:
    """Return parts that are written as a list for orjson."""
    return [orjson.Fragment(part) for part in parts]


class Answers:
    """Makes the answers of a route as it declares them."""

    def __init__(self, route: APIRoute) -> None:
        self._status = route.status_code or 200
        self._field = route.response_field
        self._options: dict[str, Any] = {
            "by_alias": route.response_model_by_alias,
            "exclude_unset": route.response_model_exclude_unset,
            "exclude_none": route.response_model_exclude_none,
        }

    def blank(self) -> Response:
        """Return an answer that a handler may give headers and another status."""
        answer = Response(status_code=self._status)
        answer.raw_headers.clear()  # the length of its body is still to come
        return answer

    def filled(self, answer: Response, result: Any) -> Response:
        """Return a blank answer with what the handler returned, or the handler's own."""
        if isinstance(result, Response):
            return result
        if self._field is None:
            other = JSONResponse(jsonable_encoder(result), answer.status_code)
            other.body = other.body if result is not None else b""
            other.raw_headers += answer.raw_headers
            return other
        answer.body = body = self._json(result)
        length = (b"content-length", str(len(body)).encode())
        answer.raw_headers += [length, (b"content-type", b"application/json")]
        return answer

    def _json(self, result: Any) -> bytes:
        if isinstance(result, Json):
            return result
        assert self._field is not None  # noqa: S101 - for the type checker
        value, errors = self._field.validate(result, {}, loc=("response",))
        if errors:
            raise ResponseValidationError(errors, body=result)
        return self._field.serialize_json(value, **self._options)
