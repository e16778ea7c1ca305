"""Ids of people and of messages to them, as every organisation makes them in tests.

All salts of a test run are this one (see conftest), so that a test can tell an id beforehand.
"""

from functools import partial
from typing import Final

from functions.domain.contacts import contact
from functions.domain.messages import ids

SALT: Final = b"the salt of all tests, 32 bytes."

contact_id = partial(contact.contact_id, SALT)
message_id = partial(ids.message_id, SALT)
