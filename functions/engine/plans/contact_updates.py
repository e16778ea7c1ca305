"""Contact updates: what the nodes of a plan write of the people who come to them."""

from collections.abc import Mapping, Sequence

import structlog

from functions.domain.contacts.contact import (
    LENGTHS,
    Contact,
    changed,
    contact_fields,
    contact_from,
    is_being_erased,
    read_details,
)
from functions.domain.errors import InvalidFieldError
from functions.domain.plans.advance import Advanced
from functions.domain.plans.document import UpdateNode
from functions.domain.plans.plan import Plan
from functions.domain.templates.template import Template, TemplateLimitError
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Set

log = structlog.get_logger()


async def read(engine: Engine, advanced: Sequence[Advanced]) -> Mapping[str, Document]:
    """Return the contacts of those walks that write something of them, by their paths."""
    asked = {each.enrollment.contact for each in advanced if each.writings} - {""}
    found = await engine.store.get_many(list(asked)) if asked else []
    return {document.path: document for document in found if document is not None}


def writes(
    engine: Engine, plan: Plan, advanced: Advanced, known: Mapping[str, Document]
) -> list[Set]:
    """Return the write of a contact whom a walk has brought to nodes that write something.

    Nothing is written of somebody who is no contact.
    """
    document = known.get(advanced.enrollment.contact) if advanced.writings else None
    if document is None or is_being_erased(document.data):
        return []
    before = contact = contact_from(document.id, document.data)
    for writing in advanced.writings:
        node = plan.nodes[writing.node]
        if isinstance(node, UpdateNode):
            contact = _written(engine, contact, node, advanced.enrollment.data)
    if contact is before:
        return []
    return [Set(document.path, contact_fields(contact), document.version)]


def _written(
    engine: Engine, contact: Contact, node: UpdateNode, data: Mapping[str, str]
) -> Contact:
    """Return a contact with what a node writes; as they were where that breaks a rule."""
    values = {**contact.values, **data}
    try:
        said = {name: Template.parse(text).render(values) for name, text in node.fields.items()}
        own = {name: text for name, text in said.items() if name in LENGTHS}
        attributes = {name: text for name, text in said.items() if name not in LENGTHS}
        details = read_details({**own, **({"attributes": attributes} if attributes else {})})
        return changed(contact, details, now=engine.clock.now())
    except (InvalidFieldError, TemplateLimitError) as error:
        log.warning("contact_not_updated", contact_id=contact.id, node=node.id, error=str(error))
        return contact
