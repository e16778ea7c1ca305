"""The reference of the REST API, printed: `python -m functions openapi`."""

import sys

import orjson

from functions.bootstrap.app import api_document


def openapi() -> None:
    """Print the OpenAPI document that a server gives at /openapi.json; no server is needed."""
    sys.stdout.buffer.write(orjson.dumps(api_document(), option=orjson.OPT_APPEND_NEWLINE))
