"""Somebody who can be reached."""

from hashlib import blake2b


def contact_id(address: str) -> str:
    """Derive the id of whoever is reached at this address, so that nobody is stored twice."""
    return blake2b(address.encode(), digest_size=12).hexdigest()
