"""Looking at campaigns and steering them, directly on the store.

A running server takes over at its next check.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeAlias

import typer
from rich.table import Table

from functions.bootstrap.stack import Stack
from functions.cli.runtime import AsJson, CampaignId, Org, console, show, with_stack
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.messages.message import MessageStatus
from functions.domain.messages.reasons import explain
from functions.domain.times import iso
from functions.engine.campaigns import lifecycle
from functions.engine.reporting import overview, recalls
from functions.engine.reporting.progress import Progress, progress_of
from functions.engine.reporting.recalls import Recalled

commands = typer.Typer(no_args_is_help=True, help="Look at campaigns, pause, resume, cancel them.")

_BY = "command line"
#: Statuses that ask for a reason: the person was not, or not surely, or not yet reached.
_EXPLAINED = (
    MessageStatus.PENDING,
    MessageStatus.UNKNOWN,
    MessageStatus.FAILED,
    MessageStatus.SKIPPED,
    MessageStatus.CANCELLED,
    MessageStatus.EXPIRED,
)

_Reasons: TypeAlias = Mapping[tuple[MessageStatus, str], int]

Reason = Annotated[str | None, typer.Option(help="Why; kept in the audit trail.")]


@commands.command("list")
def list_(
    org: Org = "default",
    status: Annotated[CampaignStatus | None, typer.Option(help="Only those.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 20,
    *,
    as_json: AsJson = False,
) -> None:
    """List campaigns, the newest first."""
    found = with_stack(
        lambda stack: overview.page_of(stack.engine, org, status=status, limit=limit)
    )
    show({"campaigns": [_shown(each) for each in found]}, _list_table(found), as_json=as_json)


def _shown(campaign: Campaign) -> dict[str, Any]:
    return {
        "campaignId": campaign.id,
        "campaignName": campaign.name,
        "status": campaign.status,
        "reason": campaign.reason,
        "reasonWords": explain(campaign.reason) if campaign.reason else None,
        "totalContacts": campaign.total,
        "createdAt": iso(campaign.created_at),
        "scheduledTime": iso(campaign.scheduled_at),
        "startedAt": iso(campaign.started_at),
        "endedAt": iso(campaign.ended_at),
    }


def _list_table(found: Iterable[Campaign]) -> Table:
    table = Table("Campaign", "Name", "Status", "People", "Created", "Scheduled", "Started")
    for each in found:
        times = [iso(at) or "" for at in (each.created_at, each.scheduled_at, each.started_at)]
        table.add_row(each.id, each.name, each.status, str(each.total), *times)
    return table


@commands.command("show")
def show_(campaign: CampaignId, org: Org = "default", *, as_json: AsJson = False) -> None:
    """Show how far a campaign has come, and why people were not reached."""

    async def look(stack: Stack) -> tuple[Progress, _Reasons, Recalled | None]:
        progress = await progress_of(stack.engine, org, campaign)
        wanted = [status for status in _EXPLAINED if progress.counts[status]]
        reasons = await overview.reasons(stack.engine, progress.campaign, wanted)
        return progress, reasons, await recalls.read_one(stack.engine, progress.campaign)

    with console(err=True).status("Counting"):
        found = with_stack(look)
    show(_progress(*found), *_progress_tables(*found), as_json=as_json)


def _progress(progress: Progress, reasons: _Reasons, recalled: Recalled | None) -> dict[str, Any]:
    return {
        **_shown(progress.campaign),
        "processedContacts": progress.processed,
        "totalContacts": progress.total,
        "inFlight": progress.in_flight,
        "recalled": recalled and recalled.recalled,
        "beyondRecall": recalled and recalled.beyond_recall,
        "recallDone": recalled and recalled.done,
        "trouble": progress.campaign.trouble,
        "byStatus": progress.counts,
        "byReason": [
            {"status": status, "reason": reason, "count": count}
            for (status, reason), count in sorted(reasons.items())
        ],
    }


def _progress_tables(
    progress: Progress, reasons: _Reasons, recalled: Recalled | None
) -> tuple[Table, Table]:
    facts = Table("Campaign", progress.campaign.name)
    for name, value in _progress(progress, {}, recalled).items():
        if value is not None and name not in {"campaignName", "byStatus", "byReason"}:
            facts.add_row(name, str(value))
    counts = Table("Status", "Reason", "People")
    for status, count in progress.counts.items():
        if count:
            counts.add_row(status, "", str(count))
        for (_, reason), part in sorted(
            r for r in reasons.items() if r[0][0] == status and r[0][1]
        ):
            counts.add_row("", reason, str(part))
    return facts, counts


@commands.command()
def pause(
    campaign: CampaignId, org: Org = "default", reason: Reason = None, *, as_json: AsJson = False
) -> None:
    """Stop calling; it can be resumed."""
    _change(Action.PAUSE, campaign, org, reason, as_json=as_json)


@commands.command()
def resume(campaign: CampaignId, org: Org = "default", *, as_json: AsJson = False) -> None:
    """Go on calling where a campaign was paused."""
    _change(Action.RESUME, campaign, org, None, as_json=as_json)


@commands.command()
def cancel(
    campaign: CampaignId, org: Org = "default", reason: Reason = None, *, as_json: AsJson = False
) -> None:
    """End a campaign for good."""
    _change(Action.CANCEL, campaign, org, reason, as_json=as_json)


def _change(action: Action, id_: str, org: str, reason: str | None, *, as_json: bool) -> None:
    async def change(stack: Stack) -> Progress:
        await lifecycle.change(stack.engine, org, id_, action, by=_BY, reason=reason)
        return await progress_of(stack.engine, org, id_)

    progress = with_stack(change)
    name, status = progress.campaign.name, progress.campaign.status
    left = progress.total - progress.processed
    sentence = f"{name} is {status}: {progress.in_flight} with the carrier, {left} still to call."
    result = {**_shown(progress.campaign), "inFlight": progress.in_flight, "remaining": left}
    show(result, sentence, as_json=as_json)
