"""Checks: what is wrong with a plan that a campaign is to follow, and what was hardly meant.

Beside what a plan itself tells, its organisation decides: in which hours it sends, what it may send
from, and which facts of people its texts can say.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.rules_in_force import RulesInForce, rules_of
from functions.domain.campaigns.send import Send
from functions.domain.campaigns.validation import check_whole
from functions.domain.errors import InvalidFieldError
from functions.domain.organisation import Organisation
from functions.domain.plans.document import PlanDocument, UpdateNode
from functions.domain.plans.lint.basis import Basis
from functions.domain.plans.lint.doubts import DOUBTS, doubts, templates_of
from functions.domain.plans.lint.findings import Finding, Level, error
from functions.domain.plans.lint.linter import lint
from functions.domain.plans.plan import Plan
from functions.domain.plans.reading import Read, read_plan
from functions.domain.plans.sends import Part, parts_of
from functions.domain.sending_rules.windows import SendWindow, Window
from functions.domain.warnings import InputWarning
from functions.engine.accounts import organisation
from functions.engine.campaigns.content.text_checks import first_people
from functions.engine.campaigns.senders import check_send, provider_of, sender_of
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.templates.known_fields import known_attributes


class InvalidPlanError(InvalidFieldError):
    """A plan has mistakes; `findings` tells each, and where it stands.

    `base`: the member of a request that the plan stands in; "" where it is the request itself.
    """

    def __init__(self, findings: Sequence[Finding], *, base: str = "plan") -> None:
        wrong = [each for each in findings if each.level is Level.ERROR]
        first = wrong[0]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        place = f"{base}{first.pointer}".removeprefix("/")
        sentence = f"{place}: {first.sentence}{more}" if place else f"{first.sentence}{more}"
        super().__init__(place, sentence, code="INVALID_PLAN")
        self.findings = findings

    @property
    def errors(self) -> list[dict[str, str]]:
        """Return each finding by the names of its parts."""
        return [each._asdict() for each in self.findings]


class Aim(NamedTuple):
    """What a plan is to do, as far as that matters to what is found in it."""

    org: str
    decided: Organisation
    rules: RulesInForce
    start_at: datetime  #: from when on people enter
    send_window: SendWindow | None = None
    brings_facts: bool = True  #: whoever enters may bring facts of their own, which texts can say
    facts: Collection[str] = ()  #: what the audience is known by beside contacts' attributes
    starts: bool = False  #: it is to start, and may lack nothing any more

    @property
    def windows(self) -> list[Window]:
        """The windows within which its campaign sends, whatever the plan says."""
        named = (self.rules.quiet_hours, self.send_window)
        return [each.window for each in named if each is not None]


async def aim_at(engine: Engine, org: str, send_window: SendWindow | None) -> Aim:
    """Return what a plan would have to keep to that no campaign has yet."""
    decided = await organisation.load(engine, org)
    return Aim(org, decided, rules_of(decided), engine.clock.now(), send_window)


async def aim_of(
    engine: Engine, campaign: Campaign, *, decided: Organisation, starts: bool = False
) -> Aim:
    """Return what the plan of a campaign has to keep to."""
    now = engine.clock.now()
    return Aim(
        campaign.org,
        decided,
        campaign.rules,
        max(campaign.scheduled_at or now, now),
        campaign.send_window,
        campaign.entry is None or campaign.entry.stays_open,
        await _facts(engine, campaign),
        starts or campaign.scheduled_at is not None,
    )


async def _facts(engine: Engine, campaign: Campaign) -> Collection[str]:
    """Return what columns of a list say of those on it; all else, contacts' attributes tell."""
    if campaign.audience.kind is not AudienceKind.LIST:
        return ()
    content = campaign.own_send.content._replace(template="{first_name}")  # with values
    page = await first_people(engine, campaign, campaign.own_send._replace(content=content))
    return {name for each in page.recipients for name, value in each.values.items() if value}


async def read(engine: Engine, document: object, aim: Aim) -> Read:
    """Read a plan from JSON's values, and find what is wrong with it for its campaign."""
    basis = _basis(engine, aim)
    plan, found = read_plan(
        document,
        now=basis.now,
        windows=basis.windows,
        allow_private=basis.allow_private,
        untold=basis.untold,
    )
    return Read(None, found) if plan is None else await _judged(engine, plan, found, aim)


async def checked(engine: Engine, document: object, aim: Aim) -> Plan:
    """Return the plan that JSON's values describe. Raises InvalidPlanError."""
    return right(await read(engine, document, aim))


async def look_again(engine: Engine, campaign: Campaign, aim: Aim) -> Read:
    """Find what is wrong by now with the plan that a campaign follows."""
    version = await plan_of(engine, campaign, campaign.plan)
    found = lint(version.plan.document, _basis(engine, aim))
    return await _judged(engine, version.plan, found, aim)


def right(read: Read) -> Plan:
    """Return a plan in which no mistake was found. Raises InvalidPlanError."""
    if read.plan is None:
        raise InvalidPlanError(read.findings)
    return read.plan


def told(finding: Finding) -> InputWarning:
    """Return a finding as answers to accepted requests tell it."""
    place, hint = f"plan{finding.pointer}", f"; {finding.hint}" if finding.hint else ""
    sentence = finding.sentence.removeprefix(f"{place.rpartition('/')[2]}: ")
    return InputWarning(finding.code.upper(), place, f"{place}: {sentence}{hint}")


def _basis(engine: Engine, aim: Aim) -> Basis:
    untold = {kind: engine.traits_of(name).untold for kind, name in engine.providers.items()}
    return Basis(aim.start_at, aim.windows, engine.private_hosts, untold)


async def _judged(engine: Engine, plan: Plan, found: Sequence[Finding], aim: Aim) -> Read:
    """Return a plan with what its organisation has to say of it beside what was found in it."""
    texts, facts = templates_of(plan.document), {*aim.facts, *_written(plan)}
    parts = [part for each in texts for part in each.parts.values()]
    known = await known_attributes(engine, aim.org, parts)
    every = [
        *(each for each in found if each.code not in DOUBTS),
        *of_senders(engine, plan, aim),
        *doubts(texts, known | facts, may_have_more=aim.brings_facts),
    ]
    every.sort(key=lambda each: each.level is not Level.ERROR)
    is_right = all(each.level is not Level.ERROR for each in every)
    return Read(plan if is_right else None, every)


def _written(plan: Plan) -> Iterator[str]:
    """Yield the fields that a plan writes of people itself."""
    for node in plan.nodes.values():
        if isinstance(node, UpdateNode):
            yield from node.fields


def of_senders(engine: Engine, plan: Plan, aim: Aim) -> Iterator[Finding]:
    """Find what a plan would be sent by, and may not."""
    member = "nodes" if isinstance(plan.document, PlanDocument) else "steps"
    for number, node in enumerate(plan.nodes.values()):
        for at, part in enumerate(parts_of(plan, node)):
            place: list[str | int] = [member, number, *(("fallbacks", at - 1) if at else ())]
            yield from _of_part(engine, part, place, aim)


def _of_part(engine: Engine, part: Part, place: list[str | int], aim: Aim) -> Iterator[Finding]:
    channel, sender = part.route
    try:
        send = Send("", channel, provider_of(engine, channel), sender, part.content)
        named = send._replace(sender=sender_of(engine, aim.decided, send))
        if aim.starts:
            check_whole(named)
        check_send(engine, aim.org, aim.decided, named, is_whole=aim.starts)
    except InvalidFieldError as problem:
        yield _refusal(problem, part, place)


def _refusal(problem: InvalidFieldError, part: Part, place: list[str | int]) -> Finding:
    """Return the finding that a refused sender is, at the member that names it."""
    members = {"provider_template": "providerTemplate"}
    if part.route.sender:
        members["sender"] = "sender"
    there = [*place, members[problem.field]] if problem.field in members else place
    sentence = str(problem).removeprefix(f"{problem.field}: ")
    return error(problem.code.lower(), there, f"{problem.field}: {sentence}")
