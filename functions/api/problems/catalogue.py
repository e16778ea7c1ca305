"""Every code that a refusal can have: its status, what it means and what to do about it."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Kind(NamedTuple):
    """A kind of refusal."""

    status: int
    means: str
    do: str


_NOT_FOUND: Final = Kind(
    404,
    "Your organisation has no such thing. Another organisation's looks the same.",
    "Check the id, and which organisation your token or key is for.",
)
_IN_USE: Final = Kind(
    409,
    "A campaign that has not ended still needs it.",
    "Wait until the campaign has ended, cancel it, or give it another audience.",
)
_INVALID_ID: Final = Kind(
    400,
    "The id in the path is none that Clarion makes.",
    "Take the id as an earlier answer gave it.",
)
#: Codes that name a thing, by what stands around its name.
FAMILIES: Final[Mapping[tuple[str, str], Kind]] = {
    ("", "_NOT_FOUND"): _NOT_FOUND,
    ("", "_IN_USE"): _IN_USE,
    ("INVALID_", "_ID"): _INVALID_ID,
}
KINDS: Final[Mapping[str, Kind]] = {
    "BAD_REQUEST": Kind(
        400,
        "The request's body cannot be read: a form that is broken, or that ended too early.",
        "Send it again; if it is refused again, look at what your client sends.",
    ),
    "INVALID_REQUEST": Kind(
        400,
        "The body is no JSON object, or the request cannot be done as asked.",
        "Read the sentence: it says what is missing.",
    ),
    "INVALID_FIELD": Kind(
        400,
        "A member, a query parameter or a header breaks a rule, or is not known; nothing was done.",
        "`field` names the first, `errors` all of them, each with its rule.",
    ),
    "INVALID_TEMPLATE": Kind(
        400,
        "A text cannot be sent as it is written.",
        "The sentence names the line, the column and what is wrong; preview the text.",
    ),
    "INVALID_PLAN": Kind(
        400,
        "A plan has mistakes, so that people could not be walked through it.",
        "`errors` tells each, with its JSON pointer and what to do; lint the plan before you send.",
    ),
    "SENDER_NOT_ALLOWED": Kind(
        400,
        "Your organisation may not send from this number, domain or template of a shared account.",
        "Take one that it was granted, or have whoever runs Clarion grant this one.",
    ),
    "MISSING_CUSTOMER_ID": Kind(
        400, "The request needs to know whom it is about.", "Name a customer_id."
    ),
    "EMPTY_CUSTOMER_IDS": Kind(
        400, "The request names nobody.", "Name at least one of customer_ids."
    ),
    "INVALID_CAMPAIGN_STATUS": Kind(
        400,
        "A campaign of this status does not take this action.",
        "Read the campaign; docs/lifecycle.md shows which action follows which status.",
    ),
    "INVALID_ENROLLMENT_STATUS": Kind(
        400,
        "An enrollment of this status does not take this action.",
        "Read the enrollment: it may have moved on or ended meanwhile.",
    ),
    "INVALID_IMPORT_STATUS": Kind(
        400,
        "An import of this status does not take this action.",
        "Read the import: it may have ended meanwhile.",
    ),
    "NOT_DUE": Kind(400, "The campaign is scheduled for later.", "Wait, or send it now."),
    "UNAUTHENTICATED": Kind(
        401,
        "There is no token or API key, or none that counts.",
        "Send Authorization: Bearer with a token that has not expired, or a key not revoked.",
    ),
    "FORBIDDEN": Kind(
        403,
        "Your role, or the areas of your key, do not include this.",
        "Ask an admin of your organisation.",
    ),
    "SIGN_IN_OFF": Kind(
        403,
        "Nobody can sign in to this deployment's console, or nobody needs to.",
        "`hint` of GET /session says which setting is missing.",
    ),
    "NOT_FOUND": Kind(404, "There is nothing under this path.", "Compare the path with /docs."),
    "METHOD_NOT_ALLOWED": Kind(405, "The path is there for other methods.", "`Allow` names them."),
    "NAME_TAKEN": Kind(409, "Something of this kind has this name already.", "Take another name."),
    "CUSTOMER_EXISTS": Kind(
        409,
        "Somebody is known by this address already.",
        "Change that contact, or send POST /contacts/bulk, which does either.",
    ),
    "CUSTOMER_BEING_ERASED": Kind(
        400, "The person is being forgotten.", "Try again when that is done."
    ),
    "EVENT_EXISTS": Kind(
        409,
        "An event of this id was told before, and it was another one.",
        "Give each event an id of its own; the first one stands.",
    ),
    "MIGRATION_RUNNING": Kind(
        409,
        "The people of the campaign are going over to another version of its plan already.",
        "Wait until that has ended; `migration` of GET /campaigns/{id} tells how far it has come.",
    ),
    "IDEMPOTENCY_IN_PROGRESS": Kind(
        409,
        "The first request with this Idempotency-Key has not been answered yet.",
        "Ask again in a moment.",
    ),
    "IDEMPOTENCY_ANSWER_NOT_KEPT": Kind(
        409,
        "The request was done; its answer is secret or large and was not kept.",
        "Look at what it made. Do not send it with a new key unless you want it twice.",
    ),
    "IDEMPOTENCY_BROKEN_OFF": Kind(
        409,
        "The first request with this Idempotency-Key broke off when some of it was done.",
        "See what there is, and ask for what is missing with a new key.",
    ),
    "STALE": Kind(
        412,
        "Somebody has changed the thing since the version that If-Match names.",
        "Read it again, and decide again.",
    ),
    "TOO_LARGE": Kind(413, "The request is larger than Clarion takes.", "Send it in parts."),
    "IDEMPOTENCY_KEY_REUSED": Kind(
        422,
        "This Idempotency-Key came before, with another request.",
        "Take a new key for each request.",
    ),
    "RATE_LIMITED": Kind(
        429,
        "Your organisation sends more requests than it may, or your address wrong API keys.",
        "Wait as many seconds as Retry-After says; RateLimit tells ahead what is left.",
    ),
    "INTERNAL_ERROR": Kind(
        500,
        "Something broke on our side.",
        "Tell us the X-Request-Id; repeat a POST with its Idempotency-Key only.",
    ),
    "UNAVAILABLE": Kind(
        503,
        "The store, or who publishes the keys of tokens, did not answer.",
        "See what was done, then try again; a POST with its Idempotency-Key.",
    ),
}


def kind_of(code: str) -> Kind | None:
    """Return what a code means, None of one that no refusal has."""
    if known := KINDS.get(code):
        return known
    for (before, after), kind in FAMILIES.items():
        name = code.removeprefix(before).removesuffix(after)
        if code == f"{before}{name}{after}" and name.replace("_", "").isalpha():
            return kind
    return None
