"""Forms with a file, read as they come in: nothing of the file is held or put aside."""

from collections.abc import AsyncIterator, Callable
from typing import Any, Final, NamedTuple

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

_PIECE: Final = 65_536


class Part(NamedTuple):
    """One field of a form; `filename` None where it is no file."""

    name: str
    filename: str | None
    media_type: str = ""


async def pieces(request: Request) -> AsyncIterator[tuple[Part, bytes]]:
    """Yield the parts of a form in pieces, as they come in; an empty part is one empty piece.

    Raises HTTPException where the request is no form, or ends before the form does.
    """
    parser = _Parser(request.headers.get("content-type", ""))
    try:
        async for data in request.stream():
            for piece in parser.feed(data):
                yield piece
    except ClientDisconnect:
        raise HTTPException(400, "The request ended before its body did.") from None
    parser.close()


async def parsed_pieces(request: Request) -> AsyncIterator[tuple[Part, bytes]]:
    """Yield the same of a form that was read before, and is at hand."""
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            part = Part(name, value.filename or "", value.content_type or "")
            yield part, b""
            while data := await value.read(_PIECE):
                yield part, data
        else:
            yield Part(name, None), value.encode(errors="surrogatepass")


class _Parser:
    """What the parser calls back is put in order, to be taken piece by piece."""

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise HTTPException(400, "The body must be multipart/form-data.")
        self._found: list[tuple[Part, bytes]] = []
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._part = Part("", None)
        self._has_ended = False
        callbacks: dict[str, Callable[..., None]] = {
            "on_part_begin": self._headers.clear,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_end": self._on_end,
        }
        try:
            self._parser: Any = MultipartParser(options[b"boundary"], callbacks)  # type: ignore[arg-type]
        except FormParserError as error:
            raise _broken(error) from None

    def feed(self, data: bytes) -> list[tuple[Part, bytes]]:
        """Return the pieces that stand in the next bytes."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _broken(error) from None
        found, self._found = self._found, []
        return found

    def close(self) -> None:
        """Make sure that the form has ended."""
        if not self._has_ended:
            raise HTTPException(400, "The form ends too early.")

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if b"name" not in options:
            raise HTTPException(400, "A part of the form has no name.")
        filename = options.get(b"filename")
        self._part = Part(
            _text(options[b"name"]),
            None if filename is None else _text(filename),
            _text(self._headers.get(b"content-type", b"")).partition(";")[0].strip().lower(),
        )
        self._found.append((self._part, b""))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._found.append((self._part, data[start:end]))

    def _on_end(self) -> None:
        self._has_ended = True


def _text(value: bytes) -> str:
    return value.decode(errors="replace")


def _broken(error: FormParserError) -> HTTPException:
    return HTTPException(400, f"The form is broken: {error}")
