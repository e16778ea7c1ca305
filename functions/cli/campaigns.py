"""Looking at campaigns and steering them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Annotated, Any, Final, TypeAlias

import typer
from rich.table import Table

from functions.cli.api import Api, Target
from functions.cli.ids import campaign_id, table
from functions.cli.runtime import AsJson, CampaignId, Org, Token, Url, console, show, with_api
from functions.cli.steps import Steps, told_when_stopped
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.kinds import CampaignKind
from functions.domain.messages.message import MessageStatus

commands = typer.Typer(
    no_args_is_help=True, help="Look at campaigns, schedule, pause, resume, cancel them."
)

#: Statuses that ask for a reason: the person was not, or not surely, or not yet reached.
_EXPLAINED: Final = (
    MessageStatus.PENDING,
    MessageStatus.UNKNOWN,
    MessageStatus.FAILED,
    MessageStatus.SKIPPED,
    MessageStatus.CANCELLED,
    MessageStatus.EXPIRED,
)
_ID_WIDTH: Final = 32

_Reasons: TypeAlias = Counter[tuple[str, str]]
_Found: TypeAlias = tuple[Mapping[str, Any], _Reasons]

Reason = Annotated[str | None, typer.Option(help="Why; kept in the audit trail.")]


@commands.command("list")
def list_(
    org: Org = "",
    status: Annotated[CampaignStatus | None, typer.Option(help="Only those.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 20,
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """List campaigns, tests and single calls too, the newest first."""

    async def look(api: Api) -> list[dict[str, Any]]:
        found = [each for kind in CampaignKind for each in await _newest(api, kind, status, limit)]
        return sorted(found, key=itemgetter("created_at"), reverse=True)[:limit]

    found = with_api(Target(url, token, org), look).result
    show(
        {"campaigns": [shown_campaign(each) for each in found]}, _list_table(found), as_json=as_json
    )


async def _newest(
    api: Api, kind: CampaignKind, status: CampaignStatus | None, limit: int
) -> list[dict[str, Any]]:
    """Return the newest campaigns of a kind, `limit` at most."""
    filters = {"kind": kind.value, **({"status": status.value} if status else {})}
    found: list[dict[str, Any]] = []
    async for each in api.each("/campaigns", page_size=min(limit, 100), **filters):
        found.append(each)
        if len(found) == limit:
            break
    return found


def shown_campaign(campaign: Mapping[str, Any]) -> dict[str, Any]:
    """Return what commands print of every campaign."""
    return {
        "campaignId": campaign["id"],
        "campaignName": campaign["name"],
        "status": campaign["status"],
        "reason": campaign["reason"],
        "totalContacts": campaign["stats"]["total"],
        "createdAt": campaign["created_at"],
        "scheduledTime": campaign["scheduled_at"],
        "startedAt": campaign["started_at"],
        "endedAt": campaign["ended_at"],
    }


def _list_table(found: Iterable[Mapping[str, Any]]) -> Table:
    heads = ("Name", "Status", "People", "Created", "Scheduled", "Started")
    listed = table("Campaign", *heads, width=_ID_WIDTH)
    for each in found:
        times = [each[name] or "" for name in ("created_at", "scheduled_at", "started_at")]
        listed.add_row(
            each["id"], each["name"], each["status"], str(each["stats"]["total"]), *times
        )
    return listed


@commands.command("show")
def show_(
    campaign: CampaignId,
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Show how far a campaign has come, and why people were not reached."""

    async def look(api: Api) -> _Found:
        found = await api.ask("GET", f"/campaigns/{await campaign_id(api, campaign)}")
        return found, await _reasons(api, found)

    with console(err=True).status("Counting"):
        told = with_api(Target(url, token, org), look)
    tables = _progress_tables(*told.result)
    show(_progress(*told.result), *tables, as_json=as_json, warnings=told.warnings)


async def _reasons(api: Api, campaign: Mapping[str, Any]) -> _Reasons:
    """Count by reason why a campaign's messages have the statuses that ask for one."""
    counted: _Reasons = Counter()
    wanted = [each.value for each in _EXPLAINED if campaign["stats"][each.value]]
    for status in wanted:
        messages = api.each(f"/campaigns/{campaign['id']}/messages", status=status, limit=1000)
        async for message in messages:
            counted[status, message["reason"] or ""] += 1
    return counted


def _progress(campaign: Mapping[str, Any], reasons: _Reasons) -> dict[str, Any]:
    counts, recall = campaign["stats"], campaign["recall"] or {}
    of_plan = {name: campaign[name] for name in _OF_PLAN} if campaign["plan_version"] else {}
    return {
        **shown_campaign(campaign),
        **{_CALLED.get(name, name): value for name, value in of_plan.items()},
        "processedContacts": _processed(campaign),
        "inFlight": counts["sending"],
        "recalled": recall.get("recalled"),
        "beyondRecall": recall.get("beyond_recall"),
        "recallDone": recall.get("done"),
        "byStatus": {name: count for name, count in counts.items() if name != "total"},
        "byReason": [
            {"status": status, "reason": reason, "count": count}
            for (status, reason), count in sorted(reasons.items())
        ],
    }


def _processed(campaign: Mapping[str, Any]) -> int:
    """Return for how many people all is done: in a plan, not for those who stand in it."""
    counts, walks = campaign["stats"], campaign["walks"]
    if walks is None:
        return int(counts["total"] - counts["pending"])
    return int(walks["completed"] + walks["exited"] + walks["cut_off"])


#: What is told of a campaign with a plan, and how it is called here.
_OF_PLAN: Final = ("kind", "plan_version", "entry_open", "walks", "nodes")
_CALLED: Final = {"plan_version": "planVersion", "entry_open": "entryOpen"}
#: What has tables of their own.
_TABLED: Final = frozenset({"campaignName", "byStatus", "byReason", "walks", "nodes"})


def _progress_tables(campaign: Mapping[str, Any], reasons: _Reasons) -> list[Table]:
    facts = Table("Campaign", campaign["name"])
    for name, value in _progress(campaign, reasons).items():
        if value is not None and name not in _TABLED:
            facts.add_row(name, str(value))
    # Somebody may get any number of messages by a plan.
    counts = Table("Status", "Reason", "Messages" if campaign["plan_version"] else "People")
    for status, count in campaign["stats"].items():
        if count and status != "total":
            counts.add_row(status, "", str(count))
        for (of, reason), part in sorted(reasons.items()):
            if of == status and reason:
                counts.add_row("", reason, str(part))
    return [facts, counts, *([_nodes_table(campaign)] if campaign["plan_version"] else [])]


def _nodes_table(campaign: Mapping[str, Any]) -> Table:
    nodes = Table("Node", "Here", "Entered", "Left upon")
    for each in campaign["nodes"]:
        left = ", ".join(f"{event} {count}" for event, count in each["left"].items())
        nodes.add_row(each["id"], str(each["here"]), str(each["entered"]), left)
    walks = campaign["walks"]
    for name in ("paused", "completed", "exited", "cut_off", "goal"):
        if walks[name]:
            nodes.add_row(f"({name})", str(walks[name]), "", "")
    return nodes


@commands.command()
def pause(
    campaign: CampaignId,
    org: Org = "",
    reason: Reason = None,
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Stop sending; it can be resumed."""
    _steer(Action.PAUSE, campaign, Target(url, token, org), reason, as_json=as_json)


@commands.command()
def resume(
    campaign: CampaignId,
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Go on sending where a campaign was paused."""
    _steer(Action.RESUME, campaign, Target(url, token, org), None, as_json=as_json)


@commands.command()
def cancel(
    campaign: CampaignId,
    org: Org = "",
    reason: Reason = None,
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """End a campaign for good."""
    _steer(Action.CANCEL, campaign, Target(url, token, org), reason, as_json=as_json)


def _steer(
    action: Action, written: str, target: Target, reason: str | None, *, as_json: bool
) -> None:
    steps = Steps([f"{action.value} {written}"])

    async def change(api: Api) -> tuple[int, Mapping[str, Any]]:
        id_ = await campaign_id(api, written)
        for _ in steps:
            body = {"reason": reason} if reason else {}
            told = await api.ask("POST", f"/campaigns/{id_}/{action.value}", json=body)
        return told["in_flight"], await api.ask("GET", f"/campaigns/{id_}")

    with told_when_stopped(steps, f"`campaigns show {written}`"):
        told = with_api(target, change)
    in_flight, found = told.result
    left = found["stats"]["pending"]
    walks = found["walks"]
    inside = f", {walks['active'] + walks['paused']} under way" if walks else ""
    state = f"{in_flight} with the provider, {left} still to send{inside}"
    result = {**shown_campaign(found), "inFlight": in_flight, "remaining": left}
    sentence = f"{found['name']} is {found['status']}: {state}."
    show(result, sentence, as_json=as_json, warnings=told.warnings)
