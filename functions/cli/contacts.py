"""Bringing people in, and keeping people out."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table

from functions.bootstrap.stack import Stack
from functions.cli.runtime import AsJson, Org, console, show, with_stack
from functions.domain.contacts.phones import (
    InvalidPhoneError,
    Phone,
    check_country,
    parse_phone,
)
from functions.domain.contacts.suppressions import ALL, SCOPES
from functions.domain.errors import InvalidFieldError
from functions.engine.contacts.known_numbers import addresses_of
from functions.engine.contacts.suppressions import suppress as suppress_address
from functions.engine.imports.encodings import check_encoding
from functions.engine.imports.list_upload import ImportResult, import_csv

_BY = "command line"
#: Bad rows that are printed; --json prints them all.
_PRINTED = 20


def _encoding(text: str) -> str:
    return _checked(check_encoding, "--encoding", text)


def _country(text: str) -> str:
    return _checked(check_country, "--default-country", text)


def _checked(check: Callable[[str, str], str], option: str, text: str) -> str:
    try:
        return check(option, text)
    except InvalidFieldError as error:
        raise typer.BadParameter(str(error)) from None


def import_contacts(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    name: Annotated[str, typer.Option("--list", help="The new list's name.")],
    org: Org = "default",
    *,
    append: Annotated[bool, typer.Option(help="Add to a list of that name.")] = False,
    encoding: Annotated[
        str, typer.Option(callback=_encoding, help="Of a text file, such as windows-1252.")
    ] = "",
    default_country: Annotated[
        str,
        typer.Option(callback=_country, help="Where numbers without a plus are dialled: US, IN."),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make a list of the people in a CSV or .xlsx file with a column `number` in E.164."""

    async def read(stack: Stack) -> ImportResult:
        screen = console(err=True)
        with (
            Progress(console=screen, disable=not screen.is_terminal) as progress,
            progress.open(file, "rb", description="Importing") as stream,
        ):
            return await import_csv(
                stack.engine,
                org,
                name,
                stream,
                append=append,
                encoding=encoding,
                default_country=default_country,
            )

    result = with_stack(read)
    tables = (_summary(result, name), _bad_rows(result))
    show(_imported(result, name), *tables, as_json=as_json, warnings=result.warnings)


def _imported(result: ImportResult, name: str) -> dict[str, Any]:
    return {
        "listId": result.list_id,
        "listName": name,
        "imported": result.imported,
        "duplicates": result.duplicates,
        "invalid": result.invalid,
        "errors": [row._asdict() for row in result.bad_rows],
    }


def _summary(result: ImportResult, name: str) -> str:
    left_out = f"{result.duplicates} duplicate and {result.invalid} invalid rows left out"
    return f"{result.imported} contacts imported into {name}, {left_out}.\nlistId {result.list_id}"


def _bad_rows(result: ImportResult) -> Table | str:
    if not result.bad_rows:
        return ""
    table = Table("Line", "Left out because")
    for row in result.bad_rows[:_PRINTED]:
        table.add_row(str(row.line), row.error)
    more = result.duplicates + result.invalid - len(result.bad_rows[:_PRINTED])
    if more:
        table.add_row("", f"and {more} more (--json shows them)")
    return table


def _phone(text: str) -> Phone:
    try:
        return parse_phone(text)
    except InvalidPhoneError as error:
        raise typer.BadParameter(f"{text} {error}") from None


async def _named(stack: Stack, org: str, named: str) -> list[str]:
    return await addresses_of(stack.engine, org, named, field="NUMBERS")


def _scope(text: str) -> str:
    if text not in SCOPES:
        raise typer.BadParameter(f"{text} is none of {', '.join(SCOPES)}")
    return text


def suppress(
    numbers: Annotated[
        list[str],
        typer.Argument(
            help="In E.164, such as +12025550142; with --as-named as a provider writes them."
        ),
    ],
    reason: Annotated[str, typer.Option(help="Why, for whoever asks later.")],
    scope: Annotated[
        str, typer.Option(callback=_scope, help=f"What for: {', '.join(SCOPES)}.")
    ] = ALL,
    org: Org = "default",
    *,
    as_named: Annotated[
        bool,
        typer.Option(
            "--as-named",
            help="The numbers are as a provider writes them, such as whatsapp:+5215512345678.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Leave numbers out of every campaign from now on, also of those that are running."""
    phones = [] if as_named else [_phone(number).e164 for number in numbers]

    async def write(stack: Stack) -> tuple[list[str], list[str]]:
        named = numbers if as_named else []
        addresses = [*phones, *[each for one in named for each in await _named(stack, org, one)]]
        fresh = [
            address
            for address in addresses
            if await suppress_address(
                stack.engine, org, address, scope=scope, reason=reason, by=_BY
            )
        ]
        return addresses, fresh

    addresses, fresh = with_stack(write)
    known = len(addresses) - len(fresh)
    result = {"suppressed": fresh, "alreadySuppressed": known}
    show(result, f"{len(fresh)} suppressed, {known} already were.", as_json=as_json)
