"""API keys: tokens for programs, made, listed and revoked by admins."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer

from functions.bootstrap.clock import SystemClock
from functions.cli.api import Api, Target
from functions.cli.ids import key_id, table
from functions.cli.runtime import AsJson, Org, Token, Url, show, with_api
from functions.cli.steps import Steps, told_when_stopped
from functions.web.auth import Area, Role

commands = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys for programs.")

_ID_WIDTH: Final = 16

KeyRole = Annotated[Role, typer.Option("--role", help="viewer reads, operator also sends.")]
KeyAreas = Annotated[
    list[Area] | None, typer.Option("--area", help="Only these parts of the API; may be repeated.")
]
Days = Annotated[
    int | None, typer.Option("--days", min=1, max=3650, help="It ends after so many days.")
]


@commands.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    role: KeyRole = Role.VIEWER,
    areas: KeyAreas = None,
    days: Days = None,
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Make a key. Its token is printed now and never again: Clarion keeps a digest."""
    body: dict[str, Any] = {"name": name, "role": role.value}
    if areas:
        body["areas"] = [area.value for area in areas]
    if days:
        until = SystemClock().now().astimezone(UTC) + timedelta(days=days)
        body["expires_at"] = until.isoformat()
    steps = Steps([f"make the key {name}"])

    async def make(api: Api) -> dict[str, Any]:
        for _ in steps:
            made: dict[str, Any] = await api.ask("POST", "/api-keys", json=body)
        return made

    with told_when_stopped(steps, "`apikeys list`"):
        told = with_api(Target(url, token, org), make)
    made = told.result
    about = f"Key {made['id']} ({made['role']}). Keep its token, it is not shown again:"
    typer.echo("" if as_json else about, err=True, nl=not as_json)
    show(made, made["token"], as_json=as_json, warnings=told.warnings)


@commands.command("list")
def list_(org: Org = "", url: Url = "", token: Token = "", *, as_json: AsJson = False) -> None:
    """List the organisation's keys, revoked ones too; no token is among what is shown."""

    async def look(api: Api) -> list[dict[str, Any]]:
        return [each async for each in api.each("/api-keys", limit=1000)]

    found = with_api(Target(url, token, org), look).result
    heads = ("Name", "Role", "Areas", "Created", "Last used", "State")
    listed = table("Key", *heads, width=_ID_WIDTH)
    for key in found:
        areas = ", ".join(key["areas"]) if key["areas"] else "all"
        times = [key[name] or "" for name in ("created_at", "last_used_at")]
        listed.add_row(key["id"], key["name"], key["role"], areas, *times, _state(key))
    show({"keys": found}, listed, as_json=as_json)


def _state(key: dict[str, Any]) -> str:
    if key["revoked_at"]:
        return f"revoked {key['revoked_at']}"
    ends = key["expires_at"]
    if ends and datetime.fromisoformat(ends) <= SystemClock().now():
        return f"ended {ends}"
    return f"until {ends}" if ends else "valid"


@commands.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, or the beginning of it.")],
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """End a key at once and for good."""
    steps = Steps([f"revoke {key}"])

    async def end(api: Api) -> str:
        id_ = await key_id(api, key)
        for _ in steps:
            await api.ask("DELETE", f"/api-keys/{id_}")
        return id_

    with told_when_stopped(steps, "`apikeys list`"):
        told = with_api(Target(url, token, org), end)
    show({"revoked": told.result}, f"{told.result} is revoked.", as_json=as_json)
