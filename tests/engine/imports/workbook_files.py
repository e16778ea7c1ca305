"""Workbooks that the tests of imports share."""

import zipfile
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from openpyxl import Workbook


def workbook(*rows: Sequence[Any], hidden: bool = False) -> bytes:
    """Return a workbook whose first visible sheet has these rows; another stands before it."""
    book = Workbook()
    first = book.active
    assert first is not None
    if hidden:
        first.append(["not", "this", "one"])
        first.sheet_state = "hidden"
        first = book.create_sheet("People")
    for row in rows:
        first.append(list(row))
    book.create_sheet("Notes").append(["number", "phone"])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def repacked(data: bytes, **parts: bytes) -> bytes:
    """Return a workbook with parts of it replaced or added, by name."""
    file = BytesIO()
    old = zipfile.ZipFile(BytesIO(data))
    with old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return file.getvalue()
