"""Telling Clarion what has happened to people."""

from typing import Annotated, Any, Final

import typer

from functions.cli.api import Api, Target
from functions.cli.runtime import AsJson, Org, Token, Url, show, with_api
from functions.cli.steps import Steps, told_when_stopped

commands = typer.Typer(
    no_args_is_help=True, help="Tell what has happened to people: plans may wait for it."
)
_WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}


@commands.callback()
def options() -> None:
    """Tell what has happened to people: plans may wait for it."""


def _value(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def data_of(pairs: list[str]) -> dict[str, Any]:
    """Return what pairs of NAME=VALUE say. Raises BadParameter."""
    data = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"--data {pair}: must be NAME=VALUE")
        data[name] = _value(text)
    return data


@commands.command()
def send(  # noqa: PLR0913  each is an option of the command
    name: Annotated[str, typer.Argument(help="What happened, such as order_paid.")],
    contact: Annotated[str, typer.Option("--contact", help="To the contact with this id.")] = "",
    phone: Annotated[str, typer.Option(help="To whoever has this number.")] = "",
    email: Annotated[str, typer.Option(help="To whoever has this mail address.")] = "",
    subject: Annotated[str, typer.Option(help="To what you call so.")] = "",
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    id_: Annotated[
        str, typer.Option("--id", help="Yours: told twice under one id, it happens once.")
    ] = "",
    key: Annotated[str, typer.Option(help="Which of their walks it is about: an order's.")] = "",
    at: Annotated[str, typer.Option(help="When, such as 2026-03-02T12:00:00Z; else now.")] = "",
    data: Annotated[list[str] | None, typer.Option(help="NAME=VALUE; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell of an event: who waits for it goes on, and who enters a plan upon it enters."""
    said = {
        "contact_id": contact,
        "phone": phone,
        "email": email,
        "subject": subject,
        "id": id_,
        "key": key,
        "at": at,
        "data": data_of(data or []),
    }
    body = {"name": name, **{field: value for field, value in said.items() if value}}
    steps = Steps([f"tell of {name}"])

    async def post(api: Api) -> dict[str, Any]:
        for _ in steps:
            told: dict[str, Any] = await api.ask("POST", "/events", json=body)
        return told

    with told_when_stopped(steps, "the same command with the same --id"):
        told = with_api(Target(url, token, org), post)
    show(told.result, _sentence(told.result), as_json=as_json, warnings=told.warnings)


def _sentence(told: dict[str, Any]) -> str:
    again = ", which was told before" if told["repeated"] else ""
    entered, heard = (", ".join(told[name]) or "nobody" for name in ("entered", "heard_by"))
    return f"Event {told['id']}{again}.\nEntered upon it: {entered}.\nHeard by: {heard}."
