"""Letting people enter plans, and looking at and steering one person's walk."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from functions.cli.api import Api, Target
from functions.cli.events import data_of
from functions.cli.ids import campaign_id, person, table
from functions.cli.runtime import AsJson, CampaignId, Org, Token, Url, show, with_api
from functions.cli.steps import Steps, told_when_stopped
from functions.domain.plans.enrollment import EnrollmentStatus

commands = typer.Typer(no_args_is_help=True, help="Look at who walks through a plan, steer one.")

_ID_WIDTH: Final = 57

EnrollmentId = Annotated[str, typer.Argument(help="The enrollment's id, as it was answered.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit trail.")]


def enroll(  # noqa: PLR0913  each is an option of the command
    campaign: CampaignId,
    people: Annotated[
        list[str],
        typer.Argument(help="+12025550142, ann@example.com, contact:ID, or what you call them."),
    ],
    key: Annotated[str, typer.Option(help="Tells this walk from others of the same person.")] = "",
    at: Annotated[str, typer.Option(help="When they begin; else now.")] = "",
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    data: Annotated[list[str] | None, typer.Option(help="NAME=VALUE; may be repeated.")] = None,
    per_minute: Annotated[int, typer.Option(min=0, help="How many begin each minute; 0: all.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Let people enter the plan of a journey or a sequence that runs."""
    about = {"key": key, "data": data_of(data or [])}
    said = {name: value for name, value in about.items() if value}
    body: dict[str, Any] = {"subjects": [{**person(each), **said} for each in people]}
    body |= {"at": at} if at else {}
    body |= {"stagger": {"per_minute": per_minute}} if per_minute else {}
    steps = Steps([f"enroll {len(people)} people"])

    async def post(api: Api) -> dict[str, Any]:
        path = f"/campaigns/{await campaign_id(api, campaign)}/enrollments"
        for _ in steps:
            entered: dict[str, Any] = await api.ask("POST", path, json=body)
        return entered

    with told_when_stopped(steps, "the same command: nobody enters twice"):
        told = with_api(Target(url, token, org), post)
    show(told.result, _entered(people, told.result), as_json=as_json, warnings=told.warnings)
    if told.result["refused"]:
        raise typer.Exit(1)


def _entered(people: list[str], told: Mapping[str, Any]) -> Table:
    listed = table("Enrollment", "Who", "Result", "Node", "Next", width=_ID_WIDTH)
    for row in told["results"]:
        ahead = row["next"]
        reason = f": {row['reason_words']}" if row["reason"] else ""
        following = f"{ahead['what']} at {ahead['at']}" if ahead else ""
        who, result = people[row["index"]], f"{row['result']}{reason}"
        listed.add_row(row["id"] or "", who, result, row["node"] or "", following)
    return listed


@commands.callback()
def options() -> None:
    """Look at who walks through a plan, and steer one of them."""


@commands.command("list")
def list_(
    campaign: CampaignId,
    status: Annotated[EnrollmentStatus | None, typer.Option(help="Only those.")] = None,
    node: Annotated[str, typer.Option(help="Only those who stand there.")] = "",
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List who has entered a plan, and where they stand."""
    filters = {"node": node, "status": status.value if status else ""}
    asked = {name: value for name, value in filters.items() if value}

    async def look(api: Api) -> list[dict[str, Any]]:
        path = f"/campaigns/{await campaign_id(api, campaign)}/enrollments"
        found: list[dict[str, Any]] = []
        async for each in api.each(path, limit=min(limit, 100), **asked):
            found.append(each)
            if len(found) == limit:
                break
        return found

    found = with_api(Target(url, token, org), look).result
    listed = table("Enrollment", "Who", "Status", "Node", "Looked at", width=_ID_WIDTH)
    for each in found:
        stands = ", ".join(each["nodes"]) or each["reason"]
        listed.add_row(each["id"], each["subject"], each["status"], stands, each["next_at"] or "")
    show({"enrollments": found}, listed, as_json=as_json)


@commands.command("show")
def show_(
    enrollment: EnrollmentId,
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Show where somebody stands, what they wait for, and why each move was made."""

    async def look(api: Api) -> dict[str, Any]:
        found: dict[str, Any] = await api.ask("GET", f"/enrollments/{enrollment}")
        return found

    found = with_api(Target(url, token, org), look).result
    moves = Table("When", "From", "To", "Why")
    for each in found["moves"]:
        moves.add_row(each["at"], each["source"], each["target"], each["why"])
    stands = [each["sentence"] for each in found["standing"]]
    waits = [f"- {w['sentence']}" for each in found["standing"] for w in each["waits_for"]]
    show(found, "\n".join([found["sentence"], *stands, *waits]), moves, as_json=as_json)


@commands.command("exit")
def exit_(
    enrollment: EnrollmentId,
    reason: Reason = "",
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Take one person out of a plan."""
    asked = {"params": {"reason": reason}} if reason else {}
    _steer(("DELETE", enrollment), asked, Target(url, token, org), as_json=as_json)


@commands.command()
def pause(
    enrollment: EnrollmentId,
    reason: Reason = "",
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Send one person nothing more until they are resumed."""
    asked = {"json": {"reason": reason} if reason else {}}
    _steer(("POST", f"{enrollment}/pause"), asked, Target(url, token, org), as_json=as_json)


@commands.command()
def resume(
    enrollment: EnrollmentId,
    reason: Reason = "",
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Let one person go on."""
    asked = {"json": {"reason": reason} if reason else {}}
    _steer(("POST", f"{enrollment}/resume"), asked, Target(url, token, org), as_json=as_json)


@commands.command()
def move(
    enrollment: EnrollmentId,
    node: Annotated[str, typer.Argument(help="The node of the plan that they go on from.")],
    reason: Reason = "",
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Let one person go on from another node of their journey."""
    body = {"node": node, **({"reason": reason} if reason else {})}
    asked = {"json": body}
    _steer(("POST", f"{enrollment}/move"), asked, Target(url, token, org), as_json=as_json)


def _steer(
    step: tuple[str, str], asked: Mapping[str, Any], target: Target, *, as_json: bool
) -> None:
    """Take a step of one person's walk, and say where they stand then."""
    method, path = step

    async def ask(api: Api) -> dict[str, Any]:
        steered: dict[str, Any] = await api.ask(method, f"/enrollments/{path}", **asked)
        return steered

    told = with_api(target, ask)
    found = told.result
    stands = ", ".join(found["nodes"])
    where = f" at {stands}" if stands else ""
    gone = len(found["beyond_recall"])
    beyond = f"; {gone} with a provider, beyond recall" if gone else ""
    sentence = f"{found['id']} is {found['status']}{where}{beyond}."
    show(found, sentence, as_json=as_json, warnings=told.warnings)
