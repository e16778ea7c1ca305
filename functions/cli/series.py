"""Scheduling campaigns, once or again and again: the runs of a series, and one passed over."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from functions.cli.api import Api, Target
from functions.cli.campaigns import Reason, shown_campaign
from functions.cli.ids import campaign_id, table
from functions.cli.runtime import AsJson, CampaignId, Org, Token, Url, show, with_api
from functions.cli.steps import Steps, told_when_stopped

_ID_WIDTH: Final = 32


def schedule(  # noqa: PLR0913  each is an option of the command
    campaign: CampaignId,
    at: Annotated[
        str, typer.Option(help="When it starts, ISO 8601 with a zone; of what repeats: from then.")
    ] = "",
    repeat: Annotated[
        str, typer.Option(help="A rule of RFC 5545, such as FREQ=MONTHLY;BYDAY=2MO.")
    ] = "",
    zone: Annotated[str, typer.Option(help="Whose clocks the rule goes by, IANA.")] = "",
    count: Annotated[int | None, typer.Option(min=1, help="How many runs there are.")] = None,
    until: Annotated[str, typer.Option(help="No run comes after this instant, ISO 8601.")] = "",
    org: Org = "",
    *,
    url: Url = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Have a draft start at a time, or by a rule again and again."""
    if not repeat and (zone or until or count is not None):
        raise typer.BadParameter("--zone, --count and --until go with --repeat")
    if not (at or repeat) or (repeat and not zone):
        raise typer.BadParameter("say --at, or --repeat with --zone")
    rule = {"rrule": repeat, "zone": zone, "count": count, "until": until or None}
    body = {"scheduled_at": at or None, "repeat": rule if repeat else None}
    steps = Steps([f"schedule {campaign}"])

    async def change(api: Api) -> Mapping[str, Any]:
        id_ = await campaign_id(api, campaign)
        for _ in steps:
            found: Mapping[str, Any] = await api.ask(
                "POST", f"/campaigns/{id_}/schedule", json=body
            )
        return found

    with told_when_stopped(steps, f"`campaigns show {campaign}`"):
        told = with_api(Target(url, token, org), change)
    found = told.result
    words = f", then {found['repeat']['words']}" if found["repeat"] else ""
    sentence = f"{found['name']} is {found['status']} for {found['scheduled_at']}{words}."
    result = {**shown_campaign(found), "repeat": found["repeat"]}
    show(result, sentence, as_json=as_json, warnings=told.warnings)


def skip(
    campaign: CampaignId,
    org: Org = "",
    reason: Reason = None,
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Pass over a run of a series that has not started; the next one comes."""
    steps = Steps([f"skip {campaign}"])

    async def change(api: Api) -> Mapping[str, Any]:
        id_ = await campaign_id(api, campaign)
        for _ in steps:
            body = {"reason": reason} if reason else {}
            found: Mapping[str, Any] = await api.ask("POST", f"/campaigns/{id_}/skip", json=body)
        return found

    with told_when_stopped(steps, f"`campaigns runs {campaign}`"):
        told = with_api(Target(url, token, org), change)
    found, following = told.result, told.result["following"]
    then = "it was the last"
    if following:
        then = f"the next run is {following}, at {found['scheduled_at']}"
    result = {
        "campaignId": found["campaign_id"],
        "status": found["status"],
        "following": following,
        "scheduledTime": found["scheduled_at"],
    }
    show(result, f"The run was passed over; {then}.", as_json=as_json, warnings=told.warnings)


def runs(
    campaign: CampaignId,
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """List the runs of a series by any of them, the newest first, with their messages."""

    async def look(api: Api) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await api.ask(
            "GET", f"/campaigns/{await campaign_id(api, campaign)}/series"
        )
        return found

    found = with_api(Target(url, token, org), look).result
    show(found, *_runs_table(found), as_json=as_json)


def _runs_table(found: Mapping[str, Any]) -> Sequence[Table | str]:
    listed = table("Campaign", "Run", "Status", "Scheduled", "Messages", width=_ID_WIDTH)
    for each in found["runs"]:
        row = (str(each["number"]), each["status"], each["scheduled_at"] or "")
        listed.add_row(each["campaign_id"], *row, _counts(each["messages"]))
    return [found["run"]["words"], listed, f"Together: {_counts(found['messages']) or 'none'}."]


def _counts(messages: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {status}" for status, count in messages.items() if count)
