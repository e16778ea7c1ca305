"""No answer holds a secret, but those that make one and show it once."""

import re
from typing import Final

#: How secrets are called.
SECRET: Final = re.compile(
    r"\w*(?:secret|token|password|salt|digest|fingerprint|private|credential)\w*(?<!_until)(?<!_at)"
)
