"""Bringing people in, and keeping people out."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.progress import Progress
from rich.table import Table

from functions.cli.api import Api, Target
from functions.cli.ids import person
from functions.cli.runtime import AsJson, Org, Token, Url, console, show, with_api
from functions.cli.steps import Steps, told_when_stopped
from functions.domain.contacts.emails import read_email
from functions.domain.contacts.phones import InvalidPhoneError, check_country, parse_phone
from functions.domain.contacts.suppressions import ALL, SCOPES
from functions.domain.errors import InvalidFieldError
from functions.engine.imports.encodings import check_encoding

#: Bad rows that are printed; --json prints them all.
_PRINTED: Final = 20
#: Before a number that is written as a provider writes it.
_WHATSAPP: Final = "whatsapp:"
_NOT_FOUND: Final = 404


def _encoding(text: str) -> str:
    return _checked(check_encoding, "--encoding", text)


def _country(text: str) -> str:
    return _checked(check_country, "--default-country", text)


def _checked(check: Callable[[str, str], str], option: str, text: str) -> str:
    try:
        return check(option, text)
    except InvalidFieldError as error:
        raise typer.BadParameter(str(error)) from None


def import_contacts(  # noqa: PLR0913  each is an option of the command
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    name: Annotated[str, typer.Option("--list", help="The new list's name.")],
    org: Org = "",
    url: Url = "",
    token: Token = "",
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
    steps = Steps([f"import {file.name} into {name}"])

    async def read(api: Api) -> dict[str, Any]:
        screen = console(err=True)
        form = {"listName": name, "append": str(append).lower()}
        form |= {"encoding": encoding, "defaultCountry": default_country}
        with (
            Progress(console=screen, disable=not screen.is_terminal) as progress,
            progress.open(file, "rb", description="Importing") as stream,
        ):
            parts = {"file": (file.name, stream, "application/octet-stream")}
            for _ in steps:
                answer = await api.call("/upload-csv", files=parts, data=form)
        return {name: answer[name] for name in _IMPORTED}

    look = "the same command with --append goes on, nobody is imported twice; `campaigns`"
    with told_when_stopped(steps, look):
        told = with_api(Target(url, token, org), read)
    result = told.result
    tables = (_summary(result), _bad_rows(result))
    show(result, *tables, as_json=as_json, warnings=told.warnings)


_IMPORTED: Final = ("listId", "listName", "imported", "duplicates", "invalid", "errors")


def _summary(result: Mapping[str, Any]) -> str:
    left_out = f"{result['duplicates']} duplicate and {result['invalid']} invalid rows left out"
    into = f"{result['imported']} contacts imported into {result['listName']}"
    return f"{into}, {left_out}.\nlistId {result['listId']}"


def _bad_rows(result: Mapping[str, Any]) -> Table | str:
    rows = result["errors"]
    if not rows:
        return ""
    table = Table("Line", "Left out because")
    for row in rows[:_PRINTED]:
        table.add_row(str(row["line"]), row["error"])
    more = result["duplicates"] + result["invalid"] - len(rows[:_PRINTED])
    if more:
        table.add_row("", f"and {more} more (--json shows them)")
    return table


def _address(text: str, *, as_named: bool) -> dict[str, str]:
    """Return an address as the API is told it. Raises BadParameter for what is none."""
    text = text.strip()
    if as_named or text.startswith(_WHATSAPP):
        return {"provider_address": text}
    try:
        if "@" in text:
            return {"email": read_email(text)}
        return {"phone": parse_phone(text).e164}
    except InvalidFieldError as error:
        raise typer.BadParameter(str(error)) from None
    except InvalidPhoneError as error:
        hint = "; a number as a provider writes it takes --as-named" if text.isdigit() else ""
        raise typer.BadParameter(f"{text} {error}{hint}") from None


def _scope(text: str) -> str:
    if text not in SCOPES:
        raise typer.BadParameter(f"{text} is none of {', '.join(SCOPES)}")
    return text


def suppress(
    addresses: Annotated[
        list[str],
        typer.Argument(
            help="Numbers in E.164, such as +12025550142, e-mail addresses, whatsapp:NUMBER."
        ),
    ],
    reason: Annotated[str, typer.Option(help="Why, for whoever asks later.")],
    scope: Annotated[
        str, typer.Option(callback=_scope, help=f"What for: {', '.join(SCOPES)}.")
    ] = ALL,
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    as_named: Annotated[
        bool,
        typer.Option(
            "--as-named",
            help="The numbers are as a provider writes them, such as 5215512345678.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Leave people out of every campaign from now on, also of those that are running."""
    said = {text: _address(text, as_named=as_named) for text in addresses}
    steps = Steps([*said])
    fresh: list[str] = []

    async def write(api: Api) -> int:
        known = 0
        for text in steps:
            before = await _barred(api, said[text], scope)
            body = {**said[text], "scope": scope, "reason": reason}
            await api.ask("POST", "/suppressions", json=body)
            after = await _barred(api, said[text], scope)
            fresh.extend(each for each in after if each not in before)
            known += len([each for each in after if each in before])
        return known

    with told_when_stopped(steps, "the same command, which suppresses nobody twice,"):
        told = with_api(Target(url, token, org), write)
    result = {"suppressed": fresh, "alreadySuppressed": told.result}
    sentence = f"{len(fresh)} suppressed, {told.result} already were."
    show(result, sentence, as_json=as_json, warnings=told.warnings)


async def _barred(api: Api, said: Mapping[str, str], scope: str) -> list[str]:
    """Return which addresses of somebody are barred under a scope now."""
    ((name, text),) = said.items()
    params = {"provider_address" if name == "provider_address" else "address": text}
    found = (await api.ask("GET", "/suppressions", params=params))["data"]
    return [each["address"] for each in found if _bars(each["scopes"], scope)]


def _bars(scopes: list[Mapping[str, Any]], wanted: str) -> bool:
    return any(each["scope"] == wanted and each["active"] for each in scopes)


def erase(
    people: Annotated[
        list[str],
        typer.Argument(help="+12025550142, ann@example.com, contact:ID, or what you call them."),
    ],
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    sure: Annotated[bool, typer.Option("--yes", help="Do it: there is no way back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget people: contacts, walks, and who their messages were for. A suppression stays."""
    if not sure:
        raise typer.BadParameter("say --yes: nobody who is erased can be brought back")
    steps = Steps([*people])
    unknown: list[str] = []

    async def post(api: Api) -> None:
        for text in steps:
            found = await api.ask("POST", "/erasures", json=person(text), or_status=_NOT_FOUND)
            unknown.extend([text] if found else [])

    with told_when_stopped(steps, "the same command, which says of whom nothing is known,"):
        told = with_api(Target(url, token, org), post)
    gone = [text for text in people if text not in unknown]
    sentence = "".join(f" Nothing is known of {text}." for text in unknown)
    result = {"erased": gone, "unknown": unknown}
    show(result, f"{len(gone)} erased.{sentence}", as_json=as_json, warnings=told.warnings)
    if unknown:
        raise typer.Exit(1)
