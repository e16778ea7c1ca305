"""What a caller is shown of a text that is filled in for somebody."""

from pydantic import BaseModel, Field

from functions.api.warnings import Warned, shown_warnings
from functions.domain.contacts.contact import Contact
from functions.engine.campaigns.content import previews


class Customer(BaseModel):
    """The contact that a text is filled in for; what is not known of them is left out."""

    id: str
    first_name: str
    last_name: str
    phone: str
    location: str | None = None
    preferred_product: str | None = None
    prefered_product: str | None = Field(None, description="The same, as older callers spell it.")


class Length(BaseModel):
    """What a text comes to as SMS."""

    encoding: str
    characters: int
    segments: int


class Preview(Warned):
    """What one contact is told; `missing` are the fields that they lack."""

    rendered_message: str
    used_template: str
    subject: str
    html: str
    parameters: list[str]
    customer: Customer
    missing: list[str]
    sms: Length


def shown_preview(preview: previews.Preview, person: Contact) -> Preview:
    """Show what a text says to a contact."""
    names = ("id", "first_name", "last_name", "phone")
    product = person.preferred_product or None
    customer = Customer(
        **{name: getattr(person, name) for name in names},
        location=person.location or None,
        preferred_product=product,
        prefered_product=product,
    )
    return Preview(
        rendered_message=preview.texts.body,
        used_template=preview.template,
        subject=preview.texts.subject,
        html=preview.texts.html,
        parameters=list(preview.texts.parameters),
        customer=customer,
        missing=preview.missing,
        sms=Length(**preview.length._asdict()),
        warnings=shown_warnings(preview.warnings),
    )
