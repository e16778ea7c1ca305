"""Taking out what an organisation has: its contacts, suppressions and messages."""

import sys
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from functions.cli.api import Api, Target
from functions.cli.runtime import Org, Token, Url, with_api
from functions.engine.reporting.exports import Format


class What(StrEnum):
    """What is taken out."""

    CONTACTS = "contacts"
    SUPPRESSIONS = "suppressions"
    MESSAGES = "messages"


def export(
    what: Annotated[What, typer.Argument(help="What is taken out.")],
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="The file; else standard output.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How rows are written.")] = Format.CSV,
    org: Org = "",
    url: Url = "",
    token: Token = "",
) -> None:
    """Write all contacts, suppressions or messages as CSV or lines of JSON."""

    async def write(api: Api) -> None:
        with ExitStack() as files:
            file: BinaryIO = sys.stdout.buffer
            async for piece in api.pieces(f"/exports/{what}", format=str(form)):
                if out is not None and file is sys.stdout.buffer:
                    file = files.enter_context(out.open("wb"))
                file.write(piece)
            file.flush()

    with_api(Target(url, token, org), write)
