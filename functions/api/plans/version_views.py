"""What a caller is shown of versions of a plan: their difference, and who goes over to another."""

from pydantic import BaseModel, Field

from functions.domain.plans.versions.difference import Aspect
from functions.engine.plans.migration.preview import Preview
from functions.engine.plans.migration.progress import Progress
from functions.web.fields import Instant


class NodeHere(BaseModel):
    """A node, and who stands there."""

    id: str = Field(description="The node's id.", examples=["reminder"])
    here: int = Field(description="People who stand there now, of any version.")


class ChangedNode(NodeHere):
    """A node that both versions have, and in what it changes."""

    changes: list[Aspect] = Field(
        description="action, timing, content and ways_out.", examples=[["timing", "content"]]
    )


class PlanDifference(BaseModel):
    """What another plan would change; nothing was stored."""

    campaign_id: str
    version: int = Field(
        description="The number that it would have; that of the plan as it is where they are alike."
    )
    added: list[str] = Field(description="Nodes that are new.", examples=[["reminder"]])
    removed: list[NodeHere] = Field(description="Nodes that are no more.")
    changed: list[ChangedNode] = Field(description="Nodes that change, and in what.")
    plan: list[str] = Field(
        description="Members of the plan itself that change.", examples=[["exits", "goal"]]
    )
    needs_answer: list[NodeHere] = Field(
        description="Nodes at which somebody stands and that are no more, of the version before or"
        " an older one: a migration has to say in map where people go on."
    )


class ShownMigration(BaseModel):
    """How those who were under way go over to another version of their plan."""

    to: int = Field(description="The version that they go over to.")
    map: dict[str, str] = Field(
        description="Where people go on from nodes that are no more; exit: they leave.",
        examples=[{"reminder": "last-call"}],
    )
    by: str = Field(description="Who asked for it.")
    asked_at: Instant
    running: bool = Field(description="Whether it is still at work.")
    looked_at: int = Field(description="People who were looked at, who need not go over, too.")
    migrated: int = Field(description="People who have gone over.")
    exited: int = Field(description="People who have left, as the map says.")
    stuck: dict[str, int] = Field(
        description="People who had come meanwhile to nodes that are no more and that the map does"
        " not name, by node: they go on by their version. Ask again with a map that names them."
    )
    failed: int = Field(description="People who could not be decided about; see the logs.")
    ended_at: Instant | None


def shown_difference(campaign_id: str, found: Preview) -> PlanDifference:
    """Show what another plan would change."""
    difference, here = found.difference, found.here
    return PlanDifference(
        campaign_id=campaign_id,
        version=found.version,
        added=list(difference.added),
        removed=[NodeHere(id=id_, here=here.get(id_, 0)) for id_ in difference.removed],
        changed=[
            ChangedNode(id=id_, here=here.get(id_, 0), changes=list(aspects))
            for id_, aspects in difference.changed.items()
        ],
        plan=list(difference.plan),
        needs_answer=[NodeHere(id=id_, here=here[id_]) for id_ in found.needs_answer],
    )


def shown_migration(progress: Progress | None) -> ShownMigration | None:
    """Show how far a migration has come; None where there was none."""
    if progress is None:
        return None
    about = progress._asdict()
    return ShownMigration(map=dict(about.pop("nodes")), running=progress.is_running, **about)
