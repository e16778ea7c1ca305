"""Clarion starts outreach campaigns on time and reaches every person exactly as promised."""

import gc

# Pages of documents are many objects, and none of them are in cycles; nor are modules garbage. With
# Python's defaults a dispatch spends a third of its main thread's time on looking, and a cold start
# an eighth of its own: so this comes before all that we import.
gc.set_threshold(50_000, 20, 20)

__version__ = "0.1.0"
