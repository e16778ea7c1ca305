"""Rules of recurrence: what comes by one, before anybody trusts it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from functions.cli.api import Api, Target
from functions.cli.runtime import AsJson, Org, Token, Url, show, with_api

commands = typer.Typer(no_args_is_help=True, help="Preview what comes again by a rule.")


@commands.command()
def preview(
    rrule: Annotated[
        str, typer.Argument(help="A rule of RFC 5545, such as FREQ=MONTHLY;BYDAY=2MO.")
    ],
    zone: Annotated[str, typer.Option(help="Whose clocks it goes by, IANA.")] = "Etc/UTC",
    start: Annotated[
        str, typer.Option(help="From when on it holds, ISO 8601 with a zone; else from now on.")
    ] = "",
    number: Annotated[int, typer.Option("-n", help="How many are shown, 100 at most.")] = 10,
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Say a rule in words, and show when it comes first; exits with 1 where it is refused."""
    asked = {"rrule": rrule, "zone": zone, "n": number, **({"start": start} if start else {})}

    async def ask(api: Api) -> dict[str, Any]:
        found: dict[str, Any] = await api.ask("POST", "/recurrences/preview", json=asked)
        return found

    told = with_api(Target(url, token, org), ask).result
    show(told, *_shown(told), as_json=as_json)


def _shown(told: Mapping[str, Any]) -> Sequence[Table | str]:
    table = Table("", f"In {told['zone']}", "UTC")
    for each in told["occurrences"]:
        table.add_row(str(each["number"]), each["local"], each["at"])
    return [told["words"], table, "And so on." if told["has_more"] else "That is all."]
