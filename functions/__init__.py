"""Clarion starts outreach campaigns on time and reaches every person exactly as promised."""

import gc
from typing import TYPE_CHECKING, Any

# Pages of documents are many objects, and none of them are in cycles; nor are modules garbage. With
# Python's defaults a dispatch spends a third of its main thread's time on looking, and a cold start
# an eighth of its own: so this comes before all that we import.
gc.set_threshold(50_000, 20, 20)
if TYPE_CHECKING:
    from functions.client import Call, CampaignScheduler, Worker

__all__ = ["Call", "CampaignScheduler", "Worker", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the library when a program asks for it: a function's cold start does not pay."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from functions import client

    return getattr(client, name)
