"""The commands, by name."""

import typer

from functions import logs
from functions.cli import campaigns, check, contacts, doctor, serve
from functions.cli.demo import demo

app = typer.Typer(
    name="python -m functions",
    help="Clarion starts outreach campaigns on time and reaches every person once.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve.serve)
app.command()(demo.demo)
app.command()(check.check_once)
app.add_typer(campaigns.commands, name="campaigns")
app.command()(contacts.import_contacts)
app.command()(contacts.suppress)
app.command()(doctor.doctor)


def main() -> None:
    """Run the command that the arguments name; only `serve` logs more than warnings."""
    logs.configure("warning", readable=True)
    app()
