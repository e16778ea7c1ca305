"""What identity providers publish is read with care; test_auth.py and test_invoker.py fetch it."""

from datetime import timedelta
from typing import Any

import pytest

from functions.web.jwks import max_age, read_certificates, read_jwks


@pytest.mark.parametrize(
    "document", [[], {}, {"keys": []}, {"keys": 7}, {"keys": [7]}, "keys", None]
)
def test_what_is_no_key_set_is_refused(document: Any) -> None:
    """An answer that is no key set, or one without a usable key, is refused."""
    with pytest.raises(ValueError, match=r"key|JWK"):
        read_jwks(document)


@pytest.mark.parametrize("document", [[], {"a": 1}, {"a": "PEM", "b": {}}, "PEM", None])
def test_what_is_no_set_of_certificates_is_refused(document: Any) -> None:
    """An answer that does not map key ids to PEM texts is refused."""
    with pytest.raises(ValueError, match="PEM"):
        read_certificates(document)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("public, max-age=20000, must-revalidate", 20_000),
        ("max-age=7200", 7200),
        ("s-maxage=9,max-age=7200", 7200),
        ("", 3600),
        ("no-store", 3600),
        ("max-age=0", 60),
        ("max-age=999999999", 86_400),
    ],
)
def test_max_age_is_kept_within_reason(header: str, seconds: int) -> None:
    """Keys are kept as long as the answer says, but between a minute and a day."""
    assert max_age(header) == timedelta(seconds=seconds)
