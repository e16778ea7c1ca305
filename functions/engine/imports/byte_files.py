"""Files that are made of others, piece by piece: bytes from an iterator, text turned into UTF-8."""

import codecs
import io
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, cast

_PIECE: Final = 65_536
#: What stands for bytes that mean nothing in a file's encoding: no UTF-8, so their row is refused.
_NOTHING: Final = "\udcff"
_ERRORS: Final = "clarion-nothing"

codecs.register_error(_ERRORS, lambda error: (_NOTHING, cast(UnicodeDecodeError, error).end))


def file_of(pieces: Iterator[bytes]) -> BinaryIO:
    """Return a file to be read of what an iterator yields."""
    return cast(BinaryIO, io.BufferedReader(_IteratorFile(pieces)))


class _IteratorFile(io.RawIOBase):
    """The pieces of an iterator, one after the other."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._piece:
            if (piece := next(self._pieces, None)) is None:
                return 0
            self._piece = memoryview(piece)
        part = self._piece[: len(buffer)]
        buffer[: len(part)] = part
        self._piece = self._piece[len(part) :]
        return len(part)


def in_utf8(file: BinaryIO, encoding: str, *, start: int = 0) -> BinaryIO:
    """Return a text file as UTF-8, from its byte `start` of UTF-8 on."""
    return file_of(skipped(_utf8_pieces(file, encoding), start))


def _utf8_pieces(file: BinaryIO, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(_ERRORS)
    while data := file.read(_PIECE):
        yield decoder.decode(data).encode(errors="surrogateescape")
    yield decoder.decode(b"", final=True).encode(errors="surrogateescape")


def skipped(pieces: Iterator[bytes], start: int) -> Iterator[bytes]:
    """Yield pieces without the first `start` bytes of all."""
    for piece in pieces:
        if start < len(piece):
            yield piece[start:]
        start = max(0, start - len(piece))


def in_memory(data: bytes) -> BinaryIO:
    """Return bytes as a file."""
    return io.BytesIO(data)
