"""Plans in files: what is wrong with them, and the schema that they fit."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from functions.cli.api import Api, Target
from functions.cli.runtime import REFUSED, AsJson, Org, Token, Url, fail, show, with_api

commands = typer.Typer(no_args_is_help=True, help="Lint plans, and show the schema of plans.")

PlanFile = Annotated[
    Path,
    typer.Argument(
        exists=True, dir_okay=False, readable=True, allow_dash=True, help="JSON; -: what comes in."
    ),
]


@commands.command()
def lint(
    file: PlanFile,
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Tell what is wrong with a plan, and what was hardly meant; exits with 1 on errors."""
    plan = read_plan(file)

    async def ask(api: Api) -> dict[str, Any]:
        found: dict[str, Any] = await api.ask("POST", "/plans/lint", json={"plan": plan})
        return found

    told = with_api(Target(url, token, org), ask).result
    show(told, *_shown(told), as_json=as_json)
    if not told["valid"]:
        raise typer.Exit(REFUSED)


def read_plan(file: Path) -> Any:
    """Return the JSON of a file; ends the command where there is none."""
    try:
        return orjson.loads(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    except ValueError as error:
        fail(REFUSED, f"{file} is no JSON: {error}")


def _shown(told: Mapping[str, Any]) -> Sequence[Table | str]:
    findings = told["findings"]
    errors = sum(each["level"] == "error" for each in findings)
    sentence = f"Errors: {errors}. Warnings: {len(findings) - errors}."
    if not findings:
        return [f"A {told['kind']} without mistakes."]
    table = Table("Level", "Where", "What", "What to do")
    for each in findings:
        table.add_row(*(each[name] for name in ("level", "pointer", "sentence", "hint")))
    return [table, sentence]


@commands.command()
def schema(
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    strict: Annotated[
        bool, typer.Option(help="For APIs that make a model's answer fit a schema.")
    ] = False,
) -> None:
    """Print the JSON Schema of plans."""

    async def ask(api: Api) -> dict[str, Any]:
        params = {"profile": "strict"} if strict else {}
        found: dict[str, Any] = await api.ask("GET", "/schemas/plan.json", params=params)
        return found

    show(with_api(Target(url, token, org), ask).result, as_json=True)
