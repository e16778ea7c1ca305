"""What a caller can get wrong. Each error composes its own sentence and knows no HTTP.

`code` names the kind of mistake to a program: it stays the same where a sentence is reworded.
"""

import re


class DomainError(Exception):
    """A request that cannot be done as asked; nothing of it was done."""

    code = "INVALID_REQUEST"


class NotFoundError(DomainError):
    """The caller's organisation has no such thing. Another organisation's looks the same."""

    def __init__(self, what: str, id_: str) -> None:
        self.what = what
        self.id = id_
        self.code = f"{word(what)}_NOT_FOUND"
        super().__init__(f"{what} not found")


#: What a code calls a thing, where that is not the thing's own name.
_WORDS = {"CONTACT": "CUSTOMER"}


def word(what: str) -> str:
    """Return what codes call a kind of thing."""
    word = re.sub(r"\W+", "_", what).upper()
    return _WORDS.get(word, word)


class NameTakenError(DomainError):
    """Names are unique within an organisation."""

    code = "NAME_TAKEN"

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"{what} named '{name}' already exists")


class ContactExistsError(NameTakenError):
    """People are known by one address each, and somebody is known by this one already."""

    code = "CUSTOMER_EXISTS"

    def __init__(self, field: str) -> None:
        self.field = field
        DomainError.__init__(self, f"{field}: belongs to another contact")


class EventExistsError(DomainError):
    """An id names one event for good, and this one was told of another."""

    code = "EVENT_EXISTS"

    def __init__(self, other: str) -> None:
        self.field = "id"
        super().__init__(f"id: was told of an event with another {other}; give this one its own")


class InUseError(DomainError):
    """A thing cannot be removed while a campaign needs it."""

    def __init__(self, what: str, campaign: str) -> None:
        self.code = f"{word(what)}_IN_USE"
        super().__init__(f"{what} is used by the campaign '{campaign}', which has not ended")


class InvalidFieldError(DomainError):
    """A value breaks a rule of its field; `code` tells which, where a program may want to know."""

    def __init__(self, field: str, message: str, *, code: str = "INVALID_FIELD") -> None:
        self.field = field
        self.code = code
        super().__init__(message)


class WrongStatusError(DomainError):
    """The campaign's status does not allow what was asked."""

    code = "INVALID_CAMPAIGN_STATUS"

    def __init__(self, action: str, status: str, *, already: bool, ended: bool) -> None:
        if already:
            message = f"Campaign is already {status}"
        elif ended:
            message = f"Cannot {action} {status} campaign"
        else:
            message = f"Cannot {action} campaign with status: {status}"
        super().__init__(message)


class EnrollmentStatusError(DomainError):
    """The enrollment's status does not allow what was asked."""

    code = "INVALID_ENROLLMENT_STATUS"

    def __init__(self, action: str, status: str, *, already: bool = False) -> None:
        if already:
            message = f"Enrollment is already {status}"
        else:
            message = f"Cannot {action} enrollment with status: {status}"
        super().__init__(message)


class MigrationRunningError(DomainError):
    """The people of a campaign are going over to another version of its plan already."""

    code = "MIGRATION_RUNNING"

    def __init__(self, to: int, looked_at: int) -> None:
        done = f"{looked_at:,} people were looked at so far"
        wait = "wait until it has ended (GET /campaigns/{id})"
        super().__init__(f"A migration to version {to} is under way, {done}: {wait}")


class ImportStatusError(DomainError):
    """The import's status does not allow what was asked."""

    code = "INVALID_IMPORT_STATUS"

    def __init__(self, action: str, status: str, *, too_late: bool = False) -> None:
        problem = "any more" if too_late else f"with status: {status}"
        super().__init__(f"Cannot {action} import {problem}")


class StaleError(DomainError):
    """The caller wants to change a version that is no longer the newest."""

    code = "STALE"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} has been changed since that version; read it again")


class NotDueError(DomainError):
    """A scheduled campaign was to be started before its time, by a task that is out of date."""

    code = "NOT_DUE"

    def __init__(self, campaign: str) -> None:
        super().__init__(f"Campaign {campaign} is not due yet")


class KeyReusedError(DomainError):
    """An Idempotency-Key came before, with a request that was another one."""

    code = "IDEMPOTENCY_KEY_REUSED"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request; take a new one")


class KeyInUseError(DomainError):
    """The request that an Idempotency-Key came with before has not been answered yet."""

    code = "IDEMPOTENCY_IN_PROGRESS"

    def __init__(self) -> None:
        super().__init__("The same request is being answered; ask again in a moment")


class BrokenOffError(DomainError):
    """The request that an Idempotency-Key came with broke off when some of it was done."""

    code = "IDEMPOTENCY_BROKEN_OFF"

    def __init__(self) -> None:
        super().__init__(
            "The request of this Idempotency-Key broke off when some of it was done; see what "
            "there is, and ask for what is missing with a new key"
        )


class AnswerNotKeptError(DomainError):
    """The request that an Idempotency-Key came with was answered, and must not be done again."""

    code = "IDEMPOTENCY_ANSWER_NOT_KEPT"

    def __init__(self, status: int) -> None:
        super().__init__(
            f"This request has been answered with {status}, in an answer that is not kept: it is "
            "secret or too large"
        )
