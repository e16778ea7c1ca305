"""`X-Request-Id`: one name for a request in its answer, in our log lines and in its tasks'."""

import re
from collections.abc import Mapping
from random import getrandbits
from typing import Final

HEADER: Final = "X-Request-Id"
#: What may stand in a log line and a header as it is; UUIDs, ULIDs and trace ids are among it.
_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


def request_id(headers: Mapping[str, str]) -> str:
    """Return the id that a request was sent with, if it is well-formed, else a new one."""
    given = headers.get(HEADER.lower(), "")
    if _WELL_FORMED.fullmatch(given):
        return given
    return f"{getrandbits(128):032x}"  # it is no secret, and need not be asked of the system
