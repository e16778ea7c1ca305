"""Versions: every plan that a campaign has had, as it was written; none is ever changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from functions.domain.campaigns.campaign import Campaign
from functions.domain.digest import digest
from functions.engine import paths
from functions.engine.kernel.commits.modify import at_version
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Create, Document


class Version(NamedTuple):
    """One version of a campaign's plan."""

    number: int
    text: str  #: its JSON, as it was written
    digest: str  #: the same for the same plan
    by: str  #: who wrote it
    at: datetime
    routes: Sequence[int] = ()  #: the numbers within the campaign of what it is sent by

    @property
    def document(self) -> Any:
        """The plan's JSON as values."""
        return orjson.loads(self.text)


def stored(campaign: Campaign, document: Mapping[str, Any], *, by: str, at: datetime) -> Create:
    """Return the write that stores the version which a campaign follows."""
    text = text_of(document)
    path = paths.plan(campaign.org, campaign.id, campaign.plan)
    about = {"by": by, "at": at, "routes": list(campaign.plan_routes)}
    return Create(path, {"text": text, "digest": digest(text), **about})


def text_of(document: Mapping[str, Any]) -> str:
    """Return a plan as it is stored."""
    return orjson.dumps(document).decode()


async def read(engine: Engine, campaign: Campaign, number: int) -> Version:
    """Return a version of a campaign's plan. Raises NotFoundError."""
    path = paths.plan(campaign.org, campaign.id, number)
    return _version(at_version(await engine.store.get(path), "Plan", str(number)))


async def newest(
    engine: Engine, campaign: Campaign, *, before: int | None, limit: int
) -> list[Version]:
    """Return the versions of a campaign's plan that are older than `before`, the newest first."""
    last = campaign.plan if before is None else min(before - 1, campaign.plan)
    numbers = range(last, max(0, last - limit), -1)
    asked = [paths.plan(campaign.org, campaign.id, number) for number in numbers]
    found = await engine.store.get_many(asked)
    return [_version(document) for document in found if document is not None]


def _version(document: Document) -> Version:
    return Version(int(document.id), **document.data)
