"""The commands, by name."""

from typing import Annotated

import typer

from functions import __version__, logs
from functions.cli import (
    api_keys,
    campaigns,
    check,
    contacts,
    doctor,
    enrollments,
    events,
    exports,
    plan_campaigns,
    plans,
    recurrences,
    reference,
    series,
    serve,
    token,
)
from functions.cli.demo import demo

app = typer.Typer(
    name="python -m functions",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve.serve)
app.command()(demo.demo)
app.command()(check.check_once)
for command in (
    *(plan_campaigns.start, plan_campaigns.close),
    *(plan_campaigns.plan, plan_campaigns.migrate),
    *(series.schedule, series.skip, series.runs),
):
    campaigns.commands.command()(command)
app.add_typer(campaigns.commands, name="campaigns")
app.add_typer(plans.commands, name="plans")
app.add_typer(recurrences.commands, name="recurrences")
app.command()(contacts.import_contacts)
app.command()(contacts.suppress)
app.command()(contacts.erase)
app.command()(exports.export)
app.command()(enrollments.enroll)
app.add_typer(enrollments.commands, name="enrollments")
app.add_typer(events.commands, name="events")
app.command()(reference.openapi)
app.add_typer(api_keys.commands, name="apikeys")
app.command("token")(token.mint_token)
app.command()(doctor.doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"Clarion {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Clarion starts outreach campaigns on time and reaches every person once."""


def main() -> None:
    """Run the command that the arguments name; only `serve` logs more than warnings."""
    logs.configure("warning", readable=True)
    app()
