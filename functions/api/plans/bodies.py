"""What a caller may say of a campaign with a plan."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from functions.api.campaigns.bodies import Changes, NewCampaign, SendWindow
from functions.api.campaigns.elsewhere import NOT_YET, OfDraft, refused
from functions.api.contacts.segments import Conditions
from functions.domain.calendar.durations import parse_duration
from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.entry import AFTER_EXIT, CONTINUE, NEVER, PARALLEL, Entry, EntryBy
from functions.domain.campaigns.lifecycle import LateStart
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import CampaignKind
from functions.domain.organisation import SLOWEST
from functions.domain.plans.parts import EVENT_PATTERN
from functions.web.fields import Id, Name, RestBody, ZonedInstant, example

#: The document has the recursive schema (functions/api/reference/plans.py). What is wrong with a
#: plan the linter tells, whatever it is.
PlanJson = Annotated[Any, WithJsonSchema({"x-schema": "Plan"})]
Steps = Annotated[Any, WithJsonSchema({"x-schema": "PlanSteps"})]


#: A plan, as the document shows it.
EXAMPLE: Final[Mapping[str, Any]] = {
    "startNodeId": "hello",
    "nodes": [
        {
            "id": "hello",
            "action": "send",
            "channel": "sms",
            "body": "Welcome, {{ first_name }}!",
            "transitions": [{"on": "elapsed", "to": "bye", "after": "P1D"}],
        },
        {"id": "bye", "action": "stop"},
    ],
}


def _reentry(text: str) -> str:
    if text not in _WORDS:
        try:
            parse_duration(text)
        except ValueError as problem:
            raise ValueError(f"must be {', '.join(_WORDS)} or a duration: {problem}") from None
    return text


_WORDS: Final = (NEVER, AFTER_EXIT, CONTINUE, PARALLEL)
Reentry = Annotated[
    str,
    Field(min_length=1, max_length=64, examples=["never", "P30D"]),
    AfterValidator(_reentry),
]


class EntryBody(RestBody):
    """Who enters a plan: whoever is sent, a list's or a segment's people, or upon an event."""

    model_config = example({"by": "api"})

    by: EntryBy = EntryBy.API
    list_id: Id | None = None
    segment_id: Id | None = None
    event: Annotated[str, Field(pattern=EVENT_PATTERN)] | None = None
    conditions: Conditions | None = None

    @model_validator(mode="after")
    def _names_what_it_is_by(self) -> "EntryBody":
        problems = {}
        for by, name in _NAMED.items():
            value = getattr(self, name)
            if by is self.by and value is None:
                problems[name] = f"is missing; an entry by {by} names one"
            if by is not self.by and value is not None:
                problems[name] = f"goes with an entry by {by}, not by {self.by}"
        if problems:
            raise refused(problems, {})
        return self

    def wanted(self, reentry: str) -> Entry:
        """Return the entry as a campaign has it."""
        return Entry(self.by, self.event or "", reentry, self.conditions)

    @property
    def audience(self) -> Audience | None:
        """Who enters at the start; None: nobody."""
        if self.list_id:
            return Audience(AudienceKind.LIST, self.list_id)
        return Audience(AudienceKind.SEGMENT, self.segment_id) if self.segment_id else None


_NAMED: Final[Mapping[EntryBy, str]] = {
    EntryBy.LIST: "list_id",
    EntryBy.SEGMENT: "segment_id",
    EntryBy.EVENT: "event",
}


class NewPlanCampaign(RestBody):
    """A campaign with a plan to be written; a scheduled_at that lies ahead schedules it.

    A sequence's plan may be given by its steps alone, with the zone of whoever has none.
    """

    model_config = example(
        {
            "kind": "journey",
            "name": "Welcome",
            "plan": EXAMPLE,
            "entry": {"by": "api"},
        }
    )

    kind: Literal[CampaignKind.JOURNEY, CampaignKind.SEQUENCE]
    name: Name | None = None
    plan: PlanJson = None
    steps: Steps = None
    zone: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    entry: EntryBody | None = None
    reentry: Reentry | None = None
    scheduled_at: ZonedInstant | None = None
    rate_per_s: Annotated[float, Field(ge=SLOWEST, le=100_000, allow_inf_nan=False)] | None = None
    send_window: SendWindow | None = None
    not_after: ZonedInstant | None = None
    late_start: LateStart | None = None
    grace_s: Annotated[int, Field(ge=0, le=7 * 86_400)] | None = None

    @property
    def document(self) -> Any:
        """The plan's JSON."""
        if self.steps is None:
            return self.plan
        return {"steps": self.steps, **({"timezone": self.zone} if self.zone else {})}


#: What exists for broadcasts alone.
_BROADCAST_ONLY: Final = NewCampaign.model_fields.keys() - NewPlanCampaign.model_fields.keys()
_OF_PLANS: Final = NewPlanCampaign.model_fields.keys() - NewCampaign.model_fields.keys()
_ELSEWHERE: Final = "goes with a campaign of the kind journey or sequence"
_KINDS: Final = (CampaignKind.BROADCAST, CampaignKind.JOURNEY, CampaignKind.SEQUENCE)


def new_campaign(given: Any) -> NewCampaign | NewPlanCampaign:
    """Return the campaign that a body describes, by its kind. Raises ValidationError."""
    if isinstance(given, NewCampaign | NewPlanCampaign):
        return given
    members: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    kind = members.get("kind") or CampaignKind.BROADCAST
    if kind not in _KINDS:
        raise refused({"kind": f"must be one of {', '.join(_KINDS)}"}, members)
    if kind == CampaignKind.BROADCAST:
        later = {name: NOT_YET[name].partition(";")[0] for name in NOT_YET if name in members}
        problems = {**dict.fromkeys(sorted(members.keys() & _OF_PLANS), _ELSEWHERE), **later}
    else:
        problems = {**_of_plan(members, kind), **foreign(members, kind)}
    if problems:
        raise refused(problems, members)
    model = NewCampaign if kind == CampaignKind.BROADCAST else NewPlanCampaign
    return model.model_validate(given)


def foreign(members: Mapping[str, Any], kind: str) -> dict[str, str]:
    """Return what is said of a campaign with a plan and is none of its members, by name."""
    said = f"goes with a broadcast; a {kind} has it in its plan, or not at all"
    asked = dict.fromkeys(sorted(members.keys() & _BROADCAST_ONLY), said)
    if "repeat" in asked:
        asked["repeat"] = "goes with a broadcast; a step of a sequence comes again by its repeat"
    if "audience" in asked:
        asked["audience"] = "goes with a broadcast; entry says who enters a plan"
    return {**{name: NOT_YET[name] for name in NOT_YET if name in members}, **asked}


def _of_plan(members: Mapping[str, Any], kind: str) -> dict[str, str]:
    """Return what is wrong with where a body has its plan, by name."""
    has = {name for name in ("plan", "steps", "zone") if members.get(name) is not None}
    if kind == CampaignKind.JOURNEY and "steps" in has:
        return {"steps": "a journey has a plan with nodes; a sequence has steps"}
    if "plan" in has:
        return dict.fromkeys(sorted(has - {"plan"}), "cannot go with plan, which holds it")
    return {} if "steps" in has else {"plan": f"is missing; a {kind} has one"}


class DraftChanges(OfDraft, Changes):
    """What may be changed of a draft; `entry` and `reentry` of one with a plan."""

    entry: EntryBody | None = None
    reentry: Reentry | None = None


def check_broadcast(changes: DraftChanges) -> None:
    """Raise InvalidFieldError for what a broadcast does not have."""
    for name in ("entry", "reentry"):
        if name in changes.model_fields_set:
            raise InvalidFieldError(name, f"{name}: {_ELSEWHERE}")


class TrialPlan(RestBody):
    """A plan that is not stored, and the hours in which its campaign would send."""

    model_config = example(
        {
            "plan": {
                "steps": [{"id": "hello", "offset": "P0D", "channel": "sms", "body": "Welcome!"}]
            }
        }
    )

    plan: PlanJson
    send_window: SendWindow | None = None
