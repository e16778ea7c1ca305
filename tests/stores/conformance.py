"""What every store must keep: the tests of all promises of the Store port.

A backend's test class gives the `store` fixture, made with INDEXES. Each test works in a tenant
of its own (`org`), so that one database serves all of them.
"""

from tests.stores.adding import AddingConformance
from tests.stores.queries import QueriesConformance
from tests.stores.writing import WritingConformance


class StoreConformance(WritingConformance, QueriesConformance, AddingConformance):
    """The promises of engine/ports/store.py."""
