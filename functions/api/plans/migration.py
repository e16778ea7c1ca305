"""Migration over REST: those who are under way go over to another version of their plan."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from functions.api.plans.version_views import ShownMigration, shown_migration
from functions.domain.plans.document import MAX_NODES
from functions.engine.plans.migration.asked import ask
from functions.web.auth import Area
from functions.web.caller_route import Operator, RestRoute
from functions.web.fields import Id, RestBody, example

router = APIRouter(prefix="/campaigns", tags=[Area.CAMPAIGNS], route_class=RestRoute)

_Node = Annotated[str, Field(min_length=1, max_length=64)]


class Migration(RestBody):
    """Which version people go over to, and where they go on from nodes that it has not."""

    model_config = example({"map": {"reminder": "last-call", "survey": "exit"}})

    map: dict[_Node, _Node] = Field(
        default={},
        max_length=MAX_NODES,
        description="By a node that is no more: the node at which people go on who stand there, or"
        " exit, upon which they leave. For journeys.",
    )
    to: Annotated[int, Field(ge=1, le=10**9, strict=True)] | None = Field(
        default=None, description="The version; else the newest."
    )


@router.post("/{campaign_id}/migrate", status_code=202, response_model=ShownMigration)
async def migrate_people(
    campaign_id: Id, context: Operator, wanted: Migration | None = None
) -> ShownMigration | None:
    """Let those who are under way go over to another version, page by page.

    Nobody's clock starts anew and nothing is sent twice. How far it has come is told by
    GET /campaigns/{campaign_id}; the same asked once more meanwhile is no second one.
    """
    asked = wanted or Migration()
    progress = await ask(
        context.engine, context.org, campaign_id, nodes=asked.map, to=asked.to, by=context.by
    )
    return shown_migration(progress)
