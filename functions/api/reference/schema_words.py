"""What fields mean in one schema, where that is not what their name means everywhere."""

from collections.abc import Mapping
from typing import Final

#: By "Schema.field"; and by "Schema", of one that has no class of its own.
SCHEMA_WORDS: Final[Mapping[str, str]] = {
    "Body_upload_csv": "A file of people, and the name of their list.",
    "Canary.wait_s": "Seconds to wait for what becomes of the first messages.",
    "CampaignsPart.status": "Whether campaigns start on time.",
    "Checks.campaigns": "Whether campaigns start on time.",
    "Counted.campaigns": "Campaigns that were counted.",
    "CountryRules.email": "By mail.",
    "CountryRules.sms": "By text.",
    "EntryBody.event": "The event upon which people enter.",
    "EventBatch.events": "The events, in the order in which they are noted.",
    "EventBody.at": "When it happened; without it, now. Nothing happens in the future.",
    "EventBody.key": "Which of somebody's walks it is about, such as an order's: others with a key"
    " do not hear it. Who enters upon it walks under this key.",
    "EventBody.name": "What happened, such as order_paid: nothing that messages have.",
    "EventBody.subject": "What you call whoever it is about, where that is no contact.",
    "ToldRows.refused": "How many were refused.",
    "ImportItem.name": "The file's name.",
    "ImportItem.list_id": "The list that everybody is put on; null: none.",
    "ListBody.name": "What the list is called: no other one has the name.",
    "OrphanReceipt.kind": "What it tells.",
    "Rates.email": "By mail.",
    "Rates.sms": "By text.",
    "Replayed.kept": "Receipts that have found none, and are kept.",
    "Senders.email": "By mail.",
    "Senders.sms": "By text.",
    "ShownRules.kept": "False: this deployment has switched countries' rules off.",
    "SubscriptionOrder.active": "False: nothing is told.",
    "SubscriptionChanges.active": "False: nothing is told.",
    "ShownSubscription.active": "False: nothing is told.",
    "MadeSubscription.active": "False: nothing is told.",
    "ShownBar.active": "False: it has expired.",
    "TaskBody.body": "What the task is about.",
    "WarmUp.email": "By mail.",
    "WarmUp.sms": "By text.",
}
