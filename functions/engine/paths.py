"""Where everything is stored. Every path lies under its tenant, so tenants cannot meet."""

import re
from datetime import date
from typing import Final

from functions.domain.messages.delivery_events import MessageRef

#: Names that Firestore keeps to itself: nothing of ours has one.
RESERVED: Final = re.compile("__.*__")


def ids(path: str) -> list[str]:
    """Return the ids in a path: the organisation's first, then each document's below it."""
    return path.split("/")[1::2]


def collection_of(path: str) -> str:
    """Return the name of the collection that a document lies in."""
    return path.split("/")[-2]


def parent(path: str) -> str:
    """Return the path of the document that another one lies below."""
    return path.rsplit("/", 2)[0]


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


def plan(org: str, campaign_id: str, version: int) -> str:
    """Return the path of one version of a campaign's plan."""
    return f"orgs/{org}/campaigns/{campaign_id}/plans/{version}"


def enrollments(org: str, campaign_id: str) -> str:
    """Return the collection of those who walk through a campaign's plan."""
    return f"orgs/{org}/campaigns/{campaign_id}/enrollments"


def enrollment(org: str, campaign_id: str, id_: str) -> str:
    """Return an enrollment's path."""
    return f"orgs/{org}/campaigns/{campaign_id}/enrollments/{id_}"


def moves(org: str, campaign_id: str, enrollment_id: str, page: int) -> str:
    """Return the path of a page of an enrollment's older moves."""
    return f"orgs/{org}/campaigns/{campaign_id}/enrollments/{enrollment_id}/pages/{page}"


def custom_events(org: str) -> str:
    """Return the collection of what callers have told of people."""
    return f"orgs/{org}/custom_events"


def custom_event(org: str, id_: str) -> str:
    """Return the path of something that a caller has told of a person."""
    return f"orgs/{org}/custom_events/{id_}"


def message(ref: MessageRef) -> str:
    """Return a message's path."""
    return f"orgs/{ref.org}/campaigns/{ref.campaign}/messages/{ref.message}"


def lanes(org: str, campaign_id: str) -> str:
    """Return the collection of a campaign's lanes."""
    return f"orgs/{org}/campaigns/{campaign_id}/lanes"


def lane(org: str, campaign_id: str, name: str) -> str:
    """Return the path of one lane: "launch", "poll", "recall", or a dispatch lane's number."""
    return f"orgs/{org}/campaigns/{campaign_id}/lanes/{name}"


def statistics(org: str, campaign_id: str, lane: int | str) -> str:
    """Return the path of the shard of a campaign's statistics that counts a lane's messages."""
    return f"orgs/{org}/campaigns/{campaign_id}/statistics/{lane}"


def delivery_days(org: str) -> str:
    """Return the collection of what became of an organisation's messages, by day."""
    return f"orgs/{org}/delivery"


def delivery_day(org: str, day: date) -> str:
    """Return the path of what became of an organisation's messages on a day of UTC."""
    return f"{delivery_days(org)}/{day}"


def refusals(org: str, campaign_id: str) -> str:
    """Return the path of how often a campaign's provider has refused us of late."""
    return f"orgs/{org}/campaigns/{campaign_id}/statistics/refusals"


def recipients(org: str, campaign_id: str) -> str:
    """Return the collection of the people whom a campaign names itself, instead of by a list."""
    return f"orgs/{org}/campaigns/{campaign_id}/members"


def lists(org: str) -> str:
    """Return the collection of an organisation's lists."""
    return f"orgs/{org}/lists"


def list_(org: str, id_: str) -> str:
    """Return a list's path."""
    return f"orgs/{org}/lists/{id_}"


def list_name(org: str, key: str) -> str:
    """Return the path that holds a list's name for it alone; `key` is the name's digest."""
    return f"orgs/{org}/names/list-{key}"


def pages(home: str) -> str:
    """Return the collection of the pages of the list at `home`: who is on it."""
    return f"{home}/pages"


def contacts(org: str) -> str:
    """Return the collection of an organisation's contacts."""
    return f"orgs/{org}/contacts"


def contact(org: str, id_: str) -> str:
    """Return a contact's path."""
    return f"orgs/{org}/contacts/{id_}"


def imports(org: str) -> str:
    """Return the collection of an organisation's import jobs."""
    return f"orgs/{org}/imports"


def import_part(org: str, import_id: str, part: str, id_: str) -> str:
    """Return a path below an import job; `part`: "chunks", "errors", "pages", "replaced"."""
    return f"orgs/{org}/imports/{import_id}/{part}/{id_}"


def segments(org: str) -> str:
    """Return the collection of an organisation's segments."""
    return f"orgs/{org}/segments"


def templates(org: str) -> str:
    """Return the collection of an organisation's templates."""
    return f"orgs/{org}/templates"


def template_name(org: str, key: str) -> str:
    """Return the path that holds a template's name for it alone; `key` is the name's digest."""
    return f"orgs/{org}/names/template-{key}"


def template_versions(org: str, id_: str) -> str:
    """Return the collection of a template's versions."""
    return f"orgs/{org}/templates/{id_}/versions"


def organisation(org: str) -> str:
    """Return the path of an organisation's own settings."""
    return f"orgs/{org}/settings/organisation"


def salt(org: str) -> str:
    """Return the path of the secret salt of an organisation's ids of people."""
    return f"orgs/{org}/secrets/salt"


def subscriptions(org: str) -> str:
    """Return the collection of the URLs that want to hear what happens."""
    return f"orgs/{org}/subscriptions"


def subscription(org: str, id_: str) -> str:
    """Return a subscription's path."""
    return f"orgs/{org}/subscriptions/{id_}"


def notifications(org: str, subscription_id: str) -> str:
    """Return the collection of a subscription's notifications."""
    return f"orgs/{org}/subscriptions/{subscription_id}/notifications"


def notification(org: str, subscription_id: str, id_: str) -> str:
    """Return a notification's path."""
    return f"orgs/{org}/subscriptions/{subscription_id}/notifications/{id_}"


def suppressions(org: str) -> str:
    """Return the collection of addresses that must not be contacted."""
    return f"orgs/{org}/suppressions"


def suppression(org: str, id_: str) -> str:
    """Return the path of what is known of an address that must not be contacted."""
    return f"orgs/{org}/suppressions/{id_}"


def inbound(org: str) -> str:
    """Return the collection of the texts that people have sent us."""
    return f"orgs/{org}/inbound"


def inbound_text(org: str, id_: str) -> str:
    """Return the path of a text that somebody has sent us."""
    return f"orgs/{org}/inbound/{id_}"


def orphans(org: str) -> str:
    """Return the collection of receipts whose message does not exist."""
    return f"orgs/{org}/orphans"


def orphan(org: str, id_: str) -> str:
    """Return the path of a receipt whose message does not exist."""
    return f"orgs/{org}/orphans/{id_}"


def audit_trail(org: str) -> str:
    """Return the collection of an organisation's audit trail."""
    return f"orgs/{org}/audit"


def audit(org: str, id_: str) -> str:
    """Return the path of one entry of the audit trail."""
    return f"orgs/{org}/audit/{id_}"


def idempotency(org: str, digest: str) -> str:
    """Return the path of a request that must not be done twice; `digest` is of its key."""
    return f"orgs/{org}/idempotency/{digest}"


def api_keys(org: str) -> str:
    """Return the collection of an organisation's API keys."""
    return f"orgs/{org}/api_keys"


def api_key(org: str, id_: str) -> str:
    """Return an API key's path."""
    return f"orgs/{org}/api_keys/{id_}"


def reached(org: str, contact_id: str) -> str:
    """Return the path of when a person was reached of late: what caps count."""
    return f"orgs/{org}/reached/{contact_id}"


def throttle(org: str, scope: str) -> str:
    """Return the path of the rate state of a sender or a campaign."""
    return f"orgs/{org}/throttles/{scope}"


def account_throttle(provider: str) -> str:
    """Return the path of the rate state of everybody together who sends by a provider."""
    return f"throttles/account-{provider}"


def live_calls(org: str) -> str:
    """Return the path of an organisation's live-call slots."""
    return f"orgs/{org}/throttles/live-calls"


#: When the last check ran, and what it found.
LAST_CHECK = "system/check"

#: Up to where campaigns' counts have been moved into the days of their organisations.
DELIVERY_DAYS = "system/delivery-days"

#: The live-call slots of everybody together.
ALL_LIVE_CALLS = "throttles/live-calls"
