"""Audience: where a campaign's recipients come from."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple


class AudienceKind(StrEnum):
    """Where a campaign's recipients come from."""

    RECIPIENTS = "recipients"  #: contacts that the campaign names itself
    LIST = "list"  #: the members of a list
    SEGMENT = "segment"  #: the contacts that a segment's conditions hold for
    EVERYONE = "everyone"  #: every active contact
    RETRY = "retry"  #: the recipients whom an earlier campaign did not reach
    SINGLE = "single"  #: one contact, whose message is made with the campaign
    ENTRANTS = "entrants"  #: nobody at the start: people enter its plan one by one


class Audience(NamedTuple):
    """The source of a campaign's recipients; it is read at the launch."""

    kind: AudienceKind
    id: str = ""  #: of the list, the segment, the campaign or the contact
    statuses: Sequence[str] = ()  #: of the earlier campaign's messages that a retry repeats


def audience_from(data: Mapping[str, str]) -> Audience:
    """Rebuild an audience from its stored fields."""
    statuses = data.get("statuses")
    return Audience(AudienceKind(data["kind"]), data["id"], statuses.split(",") if statuses else ())


def audience_fields(audience: Audience) -> dict[str, str]:
    """Return an audience as it is stored and shown."""
    fields = {"kind": audience.kind, "id": audience.id}
    return {**fields, "statuses": ",".join(audience.statuses)} if audience.statuses else fields
