"""Where everything is stored. Every path lies under its tenant, so tenants cannot meet."""

from functions.domain.events import MessageRef


def campaigns(org: str) -> str:
    """Return the collection of an organisation's campaigns."""
    return f"orgs/{org}/campaigns"


def campaign(org: str, id_: str) -> str:
    """Return a campaign's path."""
    return f"orgs/{org}/campaigns/{id_}"


def campaign_name(org: str, key: str) -> str:
    """Return the path that holds a campaign's name for it alone; `key` is the name's digest."""
    return f"orgs/{org}/names/{key}"


def messages(org: str, campaign_id: str) -> str:
    """Return the collection of a campaign's messages."""
    return f"orgs/{org}/campaigns/{campaign_id}/messages"


def message(ref: MessageRef) -> str:
    """Return a message's path."""
    return f"orgs/{ref.org}/campaigns/{ref.campaign}/messages/{ref.message}"


def event(ref: MessageRef, id_: str) -> str:
    """Return the path of one receipt of a message."""
    return f"{message(ref)}/events/{id_}"


def lane(org: str, campaign_id: str, name: str) -> str:
    """Return the path of one lane: "launch", "poll", or the number of a dispatch lane."""
    return f"orgs/{org}/campaigns/{campaign_id}/lanes/{name}"


def lists(org: str, id_: str) -> str:
    """Return a list's path."""
    return f"orgs/{org}/lists/{id_}"


def members(org: str, list_id: str) -> str:
    """Return the collection of a list's members."""
    return f"orgs/{org}/lists/{list_id}/members"


def suppressions(org: str) -> str:
    """Return the collection of addresses that must not be contacted."""
    return f"orgs/{org}/suppressions"


def suppression(org: str, address: str) -> str:
    """Return the path that says that an address must not be contacted."""
    return f"orgs/{org}/suppressions/{address}"


def audit(org: str, id_: str) -> str:
    """Return the path of one entry of the audit trail."""
    return f"orgs/{org}/audit/{id_}"


def throttle(org: str, scope: str) -> str:
    """Return the path of the rate state of a sender or a campaign."""
    return f"orgs/{org}/throttles/{scope}"


def live_calls(org: str) -> str:
    """Return the path of an organisation's live-call slots."""
    return f"orgs/{org}/throttles/live-calls"


#: The live-call slots of everybody together.
ALL_LIVE_CALLS = "throttles/live-calls"
