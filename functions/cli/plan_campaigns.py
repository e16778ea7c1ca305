"""Steering campaigns with a plan: start them, close them, read and replace their plans."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from functions.cli.api import Api, Target
from functions.cli.campaigns import shown_campaign
from functions.cli.ids import campaign_id
from functions.cli.plans import read_plan
from functions.cli.runtime import AsJson, CampaignId, Org, Token, Url, show, with_api
from functions.cli.steps import Steps, told_when_stopped


def start(
    campaign: CampaignId,
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Start a journey or a sequence now."""
    _walk("start", campaign, Target(url, token, org), as_json=as_json)


def close(
    campaign: CampaignId,
    org: Org = "",
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Let nobody enter a plan any more; those inside come to their end."""
    _walk("close", campaign, Target(url, token, org), as_json=as_json)


def _walk(action: str, written: str, target: Target, *, as_json: bool) -> None:
    steps = Steps([f"{action} {written}"])

    async def change(api: Api) -> Mapping[str, Any]:
        id_ = await campaign_id(api, written)
        for _ in steps:
            found: Mapping[str, Any] = await api.ask("POST", f"/campaigns/{id_}/{action}")
        return found

    with told_when_stopped(steps, f"`campaigns show {written}`"):
        told = with_api(target, change)
    found, is_open = told.result, told.result["entry_open"]
    state = "people may enter" if is_open else "nobody enters any more"
    sentence = f"{found['name']} is {found['status']}; {state}."
    result = {**shown_campaign(found), "entryOpen": is_open}
    show(result, sentence, as_json=as_json, warnings=told.warnings)


def plan(
    campaign: CampaignId,
    org: Org = "",
    version: Annotated[int, typer.Option(min=0, help="An older one; 0: the newest.")] = 0,
    file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A plan to put in its place."),
    ] = None,
    url: Url = "",
    token: Token = "",
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --file: tell what would change, store nothing.")
    ] = False,
) -> None:
    """Print a campaign's plan as JSON, or give a campaign that has not ended another plan.

    Who is under way goes on by theirs: `campaigns migrate` lets them go over.
    """
    if file is not None and version:
        raise typer.BadParameter("--file cannot go with --version")
    if dry_run and file is None:
        raise typer.BadParameter("--dry-run goes with --file")
    document = read_plan(file) if file is not None else None

    async def ask(api: Api) -> dict[str, Any]:
        home = f"/campaigns/{await campaign_id(api, campaign)}"
        if file is None:
            found = await api.ask("GET", f"{home}/plans/{version}" if version else f"{home}/plan")
            return dict(found["plan"])
        params = {"dry_run": "true"} if dry_run else {}
        changed = await api.ask("PUT", f"{home}/plan", json=document, params=params)
        return dict(changed) if dry_run else {"version": changed["version"]}

    told = with_api(Target(url, token, org), ask)
    show(told.result, as_json=True, warnings=told.warnings)


def migrate(
    campaign: CampaignId,
    org: Org = "",
    to: Annotated[int, typer.Option(min=0, help="A version; 0: the newest.")] = 0,
    nodes: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="OLD=NEW: who stands at OLD goes on from NEW; OLD=exit: they leave."
        ),
    ] = None,
    url: Url = "",
    token: Token = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Let those who are under way go over to another version of a campaign's plan."""
    body = {"map": dict(map(_pair, nodes or [])), **({"to": to} if to else {})}
    steps = Steps([f"migrate {campaign}"])

    async def change(api: Api) -> dict[str, Any]:
        id_ = await campaign_id(api, campaign)
        for _ in steps:
            found: dict[str, Any] = await api.ask("POST", f"/campaigns/{id_}/migrate", json=body)
        return found

    with told_when_stopped(steps, f"`campaigns show {campaign}`"):
        told = with_api(Target(url, token, org), change)
    then = f"`campaigns show {campaign} --json` tells how far it has come"
    sentence = f"Those who are under way go over to version {told.result['to']}; {then}."
    show(told.result, sentence, as_json=as_json, warnings=told.warnings)


def _pair(text: str) -> tuple[str, str]:
    old, found, new = text.partition("=")
    if not (old and found and new):
        raise typer.BadParameter(f"--map {text}: write OLD=NEW, or OLD=exit")
    return old, new
