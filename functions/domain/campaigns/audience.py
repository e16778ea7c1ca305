"""Where a broadcast's people come from."""

from enum import StrEnum


class AudienceKind(StrEnum):
    """Where a broadcast's people come from."""

    RECIPIENTS = "recipients"  #: people whom the campaign names itself
    LIST = "list"  #: the members of a list
    SEGMENT = "segment"  #: the contacts that a segment's conditions hold for
    EVERYONE = "everyone"  #: every active contact
    RETRY = "retry"  #: those whom an earlier campaign did not reach
