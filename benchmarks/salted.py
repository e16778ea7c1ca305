"""Ids as an organisation makes them whose salt is known."""

from functools import partial
from typing import Final

from functions.domain.contacts import contact
from functions.domain.messages import ids

SALT: Final = bytes(32)

contact_id = partial(contact.contact_id, SALT)
message_id = partial(ids.message_id, SALT)
