"""Following: what a campaign takes over from its plan, and whether it may follow it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.rules_in_force import rules_of
from functions.domain.campaigns.send import Send
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import CampaignKind
from functions.domain.organisation import Organisation
from functions.domain.plans.document import PlanDocument
from functions.domain.plans.plan import Plan
from functions.domain.plans.sends import routes_of
from functions.engine.accounts import organisation
from functions.engine.campaigns.in_force import with_organisation
from functions.engine.campaigns.senders import provider_of
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.plans.writing import checks

#: What plans of each kind have.
_MEMBERS: Final[Mapping[str, str]] = {CampaignKind.JOURNEY: "nodes", CampaignKind.SEQUENCE: "steps"}


def kind_named(document: object) -> str | None:
    """Return the kind of a campaign that JSON's values are a plan for; None where of neither."""
    members = document if isinstance(document, Mapping) else {}
    kinds = [kind for kind, name in _MEMBERS.items() if members.get(name) is not None]
    return kinds[0] if len(kinds) == 1 else None


def check_kind(document: object, kind: str) -> None:
    """Raise InvalidFieldError where a plan is one for campaigns of another kind."""
    named = kind_named(document)
    if named not in {None, kind}:
        has = f"plan: has {_MEMBERS[str(named)]}: it is a {named}"
        raise InvalidFieldError("plan", f"{has}; a {kind} has {_MEMBERS[kind]}")


def check_walks(campaign: Campaign, action: str) -> None:
    """Refuse what is for campaigns with a plan alone. Raises InvalidFieldError."""
    if not campaign.facts.walks:
        instead = "; a broadcast is sent: POST /campaigns/{id}/send" if action == "start" else ""
        sentence = f"kind: a {campaign.kind} has no plan: {action} is for journeys and sequences"
        raise InvalidFieldError("kind", sentence + instead)


async def checked(
    engine: Engine,
    decided: Organisation,
    campaign: Campaign,
    document: Mapping[str, Any],
    *,
    starts: bool = False,
) -> Plan:
    """Return the plan that a campaign is to follow. Raises InvalidPlanError.

    `starts`: it sends at once, and may lack nothing.
    """
    ruled = replace(campaign, rules=rules_of(decided))
    aim = await checks.aim_of(engine, ruled, decided=decided, starts=starts)
    return await checks.checked(engine, document, aim)


async def check_again(engine: Engine, campaign: Campaign, *, starts: bool) -> None:
    """Refuse what is wrong by now with the plan that a campaign follows.

    `starts`: it is to start, and may lack nothing. Raises InvalidPlanError.
    """
    decided = await organisation.load(engine, campaign.org)
    aim = await checks.aim_of(engine, campaign, decided=decided, starts=starts)
    checks.right(await checks.look_again(engine, campaign, aim))


async def check_nodes(engine: Engine, campaign: Campaign) -> None:
    """Refuse nodes of a plan that may not be sent any more. Raises InvalidPlanError."""
    decided = await organisation.load(engine, campaign.org)
    aim = await checks.aim_of(engine, campaign, decided=decided, starts=True)
    version = await plan_of(engine, campaign, campaign.plan)
    if found := list(checks.of_senders(engine, version.plan, aim)):
        raise checks.InvalidPlanError(found)


def following(engine: Engine, decided: Organisation, campaign: Campaign, plan: Plan) -> Campaign:
    """Return a campaign that follows a plan, under its organisation's rules.

    Raises InvalidFieldError.
    """
    routes = routes_of(plan)
    if not routes:
        raise InvalidFieldError("plan", "plan: sends nothing: no node has the action send")
    sends = [
        Send("", route.channel, provider_of(engine, route.channel), route.sender)
        for route in routes
    ]
    is_journey = isinstance(plan.document, PlanDocument)
    kind = CampaignKind.JOURNEY if is_journey else CampaignKind.SEQUENCE
    numbers = list(range(len(sends)))
    written = replace(campaign, kind=kind, routes=sends, own_send=sends[0], plan_routes=numbers)
    ruled = with_organisation(engine, decided, written)
    zone = plan.document.timezone
    if "timezone" in plan.document.model_fields_set or not ruled.rules.default_zone:
        return replace(ruled, rules=ruled.rules._replace(default_zone=zone))
    return ruled


def following_anew(
    engine: Engine, decided: Organisation, campaign: Campaign, plan: Plan
) -> Campaign:
    """Return a campaign that has started, and that whoever enters from now on walks by this plan.

    Who is under way goes on by theirs: no route is taken away, and rules, rates and lanes stay
    what they were at the start. Raises InvalidFieldError.
    """
    fresh = following(engine, decided, campaign, plan)
    routes, numbers = [*campaign.routes], []
    places = {_place(route): number for number, route in enumerate(routes)}
    for route in fresh.routes:
        number = places.setdefault(_place(route), len(routes))
        numbers.append(number)
        routes += [route] if number == len(routes) else []
    return replace(
        campaign,
        own_send=fresh.own_send,
        routes=routes,
        plan_routes=numbers,
        rules=campaign.rules._replace(default_zone=fresh.rules.default_zone),
    )


def _place(route: Send) -> tuple[str, str, str]:
    return route.channel, route.provider, route.sender
