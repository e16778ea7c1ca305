"""One check, by hand or by a scheduler other than Google's."""

from typing import Any

import typer
from rich.table import Table

from functions.cli.runtime import MISUSED, REFUSED, AsJson, Url, fail, show, with_stack
from functions.domain.times import iso
from functions.engine.scheduling.check import CheckResult, check


def check_once(url: Url = "", *, as_json: AsJson = False) -> None:
    """Start the campaigns that are due, in all organisations, and revive what was left lying.

    Exits with 1 where a due campaign could not be started.
    """
    if url:
        remedy = "unset CLARION_URL to check the store that the settings name"
        fail(MISUSED, f"{url} makes its own checks; {remedy}")
    result = with_stack(lambda stack: check(stack.engine))
    show(_fields(result), _table(result), as_json=as_json)
    if result.failed:
        raise typer.Exit(REFUSED)


def _fields(result: CheckResult) -> dict[str, Any]:
    return {
        "started": [
            {
                "organisation": each.org,
                "campaignId": each.id,
                "campaignName": each.name,
                "scheduledTime": iso(each.scheduled_at),
                "actualStartTime": iso(each.started_at),
            }
            for each in result.started
        ],
        "skipped": result.skipped,
        "errors": [
            {"campaignId": path.rpartition("/")[2], "campaignName": name, "error": error}
            for path, (name, error) in result.failed.items()
        ],
    }


def _table(result: CheckResult) -> Table | str:
    if not (result.started or result.failed):
        return "No campaign was due."
    table = Table("Campaign", "Name", "Check", caption=f"{result.skipped} left for the next check")
    for each in result.started:
        late = each.start_lateness
        table.add_row(
            each.id, each.name, f"started, {late.total_seconds():.1f} s late" if late else "started"
        )
    for path, (name, error) in result.failed.items():
        table.add_row(path.rpartition("/")[2], name, f"not started: {error}")
    return table
