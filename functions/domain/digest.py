"""Ids that are derived from what they stand for."""

from hashlib import blake2b


def digest(*parts: object, size: int = 16) -> str:
    """Return `size` bytes, in hexadecimal digits, that stand for these parts in this order."""
    return blake2b("\0".join(map(str, parts)).encode(), digest_size=size).hexdigest()
