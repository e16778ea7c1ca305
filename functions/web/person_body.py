"""Whom a request is about: somebody who is a contact, has an address, or is called something."""

from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from functions.domain.contacts.emails import read_email
from functions.domain.errors import InvalidFieldError
from functions.domain.plain_text import check_name
from functions.web.fields import Id, PhoneNumber, RestBody

_WHOSE: Final = ("contact_id", "phone", "email", "subject")


def _mail(text: str) -> str:
    try:
        return read_email(text)
    except InvalidFieldError as error:
        raise ValueError(str(error).removeprefix("email: ")) from None


class PersonBody(RestBody):
    """Somebody, by one of contact_id, phone, email and subject."""

    contact_id: Id | None = None
    phone: PhoneNumber | None = None
    email: Annotated[str, Field(max_length=254), AfterValidator(_mail)] | None = None
    subject: (
        Annotated[str, Field(min_length=1, max_length=300), AfterValidator(check_name)] | None
    ) = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if [getattr(self, name) for name in _WHOSE].count(None) != len(_WHOSE) - 1:
            raise ValueError(f"must have one of {', '.join(_WHOSE[:-1])} and {_WHOSE[-1]}")
        return self

    @property
    def address(self) -> str:
        """The address that they are named by, in its stored spelling; "" for none."""
        return self.phone or self.email or ""
