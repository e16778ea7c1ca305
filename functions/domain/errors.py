"""What a caller can get wrong. Each error composes its own sentence and knows no HTTP."""


class DomainError(Exception):
    """A request that cannot be done as asked; nothing of it was done."""


class NotFoundError(DomainError):
    """The caller's organisation has no such thing. Another organisation's looks the same."""

    def __init__(self, what: str, id_: str) -> None:
        self.what = what
        self.id = id_
        super().__init__(f"{what} not found")


class NameTakenError(DomainError):
    """Names are unique within an organisation."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"{what} named '{name}' already exists")


class InvalidFieldError(DomainError):
    """A value breaks a rule of its field."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class WrongStatusError(DomainError):
    """The campaign's status does not allow what was asked."""

    def __init__(self, action: str, status: str, *, already: bool, ended: bool) -> None:
        if already:
            message = f"Campaign is already {status}"
        elif ended:
            message = f"Cannot {action} {status} campaign"
        else:
            message = f"Cannot {action} campaign with status: {status}"
        super().__init__(message)


class NotDueError(DomainError):
    """A scheduled campaign was to be started before its time, by a task that is out of date."""

    def __init__(self, campaign: str) -> None:
        super().__init__(f"Campaign {campaign} is not due yet")
