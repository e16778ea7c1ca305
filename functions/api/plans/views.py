"""What a caller is shown of plans."""

from typing import Any

from pydantic import BaseModel, Field

from functions.api.plans.bodies import PlanJson
from functions.api.warnings import Warned
from functions.domain.plans.lint.findings import Finding, Level
from functions.engine.plans.writing.versions import Version
from functions.web.cursors import Page
from functions.web.fields import Instant


class ShownFinding(BaseModel):
    """A mistake in a plan, or something that was hardly meant."""

    level: Level = Field(description="error: the plan is refused; warning: it is not.")
    code: str = Field(description="The kind of finding, for programs.", examples=["unknown_target"])
    pointer: str = Field(
        description="Where in the plan it is: a JSON pointer (RFC 6901).",
        examples=["/nodes/0/transitions/1/to"],
    )
    sentence: str = Field(description="What is wrong.", examples=["there is no node 'bye'"])
    hint: str = Field(description="What to do about it, if that can be said.")


class Linted(BaseModel):
    """What is found in a plan, errors first."""

    valid: bool = Field(description="Whether a campaign could have the plan: there is no error.")
    kind: str | None = Field(
        description="journey or sequence; null where the plan is neither.", examples=["journey"]
    )
    findings: list[ShownFinding] = Field(description="What is found, errors first.")


class PlanVersion(BaseModel):
    """A version of a campaign's plan."""

    version: int = Field(description="Its number; a campaign's first is 1.")
    digest: str = Field(description="The same for the same plan.", examples=["b1946ac92492d234"])
    created_at: Instant
    created_by: str


class PlanVersions(Page[PlanVersion]):
    """The versions of a campaign's plan, the newest first."""


class ShownPlan(PlanVersion):
    """A version of a campaign's plan, with the plan as it was written."""

    campaign_id: str
    plan: PlanJson = Field(description="The plan, as it was written.")


class WarnedPlan(ShownPlan, Warned):
    """The plan that a campaign has now, and the doubts about it."""


def shown_findings(found: list[Finding]) -> list[ShownFinding]:
    """Show findings in the order in which they were found."""
    return [ShownFinding(**each._asdict()) for each in found]


def version_fields(version: Version) -> dict[str, Any]:
    """Return what is shown of a version beside its plan."""
    about = {"version": version.number, "digest": version.digest}
    return {**about, "created_at": version.at, "created_by": version.by}
