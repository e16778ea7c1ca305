"""Templates: named texts, each change of which is a version that stays readable."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

import structlog

from functions.domain.campaigns.content import ParsedContent, Texts
from functions.domain.campaigns.text_warnings import refuse_doubts, text_warnings
from functions.domain.digest import digest
from functions.domain.errors import NameTakenError, NotFoundError
from functions.domain.templates.template import Missing
from functions.domain.warnings import InputWarning
from functions.engine import paths
from functions.engine.kernel.commits.modify import at_version, modify
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import named, page_by_id
from functions.engine.ports.store import ConflictError, Create, Delete, Document, Query, Set, Write
from functions.engine.templates.known_fields import known_attributes

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateBody:
    """What a template says, and to those who lack a field."""

    text: str
    subject: str = ""  #: of a mail
    html: str = ""  #: of a mail
    channel: str | None = None  #: what it is written for; None: any
    missing: str = Missing.BLANK
    defaults: Mapping[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> Texts:
        """All that it says."""
        return Texts(self.text, self.subject, self.html)

    @property
    def stand_ins(self) -> Mapping[str, str]:
        """The texts for people who lack a field, where these are used."""
        return self.defaults if self.missing == Missing.DEFAULT else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateVersion:
    """What a template said from some time on."""

    number: int  #: from 1
    wording: TemplateBody
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTemplate:
    """A template as it stands, as stored under orgs/{org}/templates/{id}."""

    id: str
    revision: int  #: the store's version at which it was read: also a new name makes another
    name: str
    newest: TemplateVersion
    created_at: datetime
    created_by: str
    updated_at: datetime  #: when it got its newest text or its name
    updated_by: str


def parse(wording: TemplateBody) -> ParsedContent:
    """Read a template. Raises InvalidTemplateError, which tells where the mistake is."""
    return ParsedContent.parse(wording.texts, body="text")


async def doubtful_words(
    engine: Engine, org: str, wording: TemplateBody, *, have: Collection[str] = ()
) -> list[InputWarning]:
    """Return the doubts about a template's words; `have`: fields that are known to be there."""
    parts = parse(wording).parts(body="text")
    known = await known_attributes(engine, org, parts.values())
    return text_warnings(parts, {*known, *have, *wording.stand_ins}, channel=wording.channel)


async def _check(engine: Engine, org: str, wording: TemplateBody) -> None:
    """Raise InvalidTemplateError, or InvalidFieldError for a word where nobody may lack a field."""
    parts = parse(wording).parts(body="text")
    if wording.missing == Missing.REFUSE:
        refuse_doubts(parts, await known_attributes(engine, org, parts.values()))


async def create(
    engine: Engine, org: str, name: str, wording: TemplateBody, *, by: str
) -> NamedTemplate:
    """Store a template, version 1. Raises InvalidFieldError for a text, and NameTakenError."""
    await _check(engine, org, wording)
    id_, now = uuid4().hex, engine.clock.now()
    newest = TemplateVersion(number=1, wording=wording, created_at=now, created_by=by)
    made = {"created_at": now, "created_by": by, "updated_at": now, "updated_by": by}
    fields = {"name": name, "newest": asdict(newest), **made}
    try:
        versions = await engine.store.commit(
            Create(_path(org, id_), fields),
            Create(_version_path(org, id_, 1), asdict(newest)),
            Create(_claim(org, name), {"template": id_}),
        )
    except ConflictError:
        raise NameTakenError("Template", name) from None
    log.info("template_created", org=org, template_id=id_, by=by)
    return _template(Document(_path(org, id_), versions[0], fields))


async def load(engine: Engine, org: str, id_: str) -> NamedTemplate:
    """Return a template. Raises NotFoundError."""
    document = at_version(await engine.store.get(_path(org, id_)), "Template", id_)
    return _template(document)


async def page_of(
    engine: Engine,
    org: str,
    *,
    after: str | None,
    limit: int,
    name_prefix: str = "",
    channel: str | None = None,
) -> tuple[list[NamedTemplate], str | None]:
    """Return templates behind the id `after`, by id, and the id to go on behind."""
    begins = named(name_prefix)

    def passes(data: Mapping[str, Any]) -> bool:
        fits = channel is None or data["newest"]["wording"]["channel"] in {channel, None}
        return fits and (begins is None or begins(data))

    filtered = None if begins is None and channel is None else passes
    found, following = await page_by_id(
        engine, paths.templates(org), after=after, limit=limit, passes=filtered
    )
    return [_template(document) for document in found], following


async def replace(
    engine: Engine,
    org: str,
    id_: str,
    name: str,
    wording: TemplateBody,
    *,
    by: str,
    if_version: int | None = None,
) -> NamedTemplate:
    """Give a template a new version and, perhaps, another name.

    What says the same as before makes no version: to do it twice is to do it once. Raises
    InvalidFieldError for a text, NotFoundError, StaleError and NameTakenError.
    """
    await _check(engine, org, wording)
    now = engine.clock.now()

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        stored = at_version(documents[0], "Template", id_, if_version)
        before, claim = _template(stored), documents[1]
        if claim is not None and claim.data["template"] != id_:
            raise NameTakenError("Template", name)
        changes: list[Write] = []
        newest = before.newest
        if wording != newest.wording:
            newest = TemplateVersion(
                number=newest.number + 1, wording=wording, created_at=now, created_by=by
            )
            changes.append(Create(_version_path(org, id_, newest.number), asdict(newest)))
        if name != before.name:
            changes += [Create(_claim(org, name), {"template": id_})]
            changes += [Delete(_claim(org, before.name))]
        changed = {"updated_at": now, "updated_by": by}
        fields = {**stored.data, "name": name, "newest": asdict(newest), **changed}
        return None, [Set(stored.path, fields, stored.version), *changes] if changes else []

    await modify(engine.store, [_path(org, id_), _claim(org, name)], decide)
    log.info("template_changed", org=org, template_id=id_, by=by)
    return await load(engine, org, id_)


async def delete(engine: Engine, org: str, id_: str, *, if_version: int | None = None) -> None:
    """Delete a template and free its name; its versions stay, for the campaigns that used them.

    Raises NotFoundError and StaleError.
    """

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        stored = at_version(documents[0], "Template", id_, if_version)
        claim = Delete(_claim(org, stored.data["name"]))
        return None, [Delete(stored.path, stored.version), claim]

    await modify(engine.store, [_path(org, id_)], decide)
    log.info("template_deleted", org=org, template_id=id_)


async def versions(
    engine: Engine, org: str, id_: str, *, after: int, limit: int
) -> tuple[list[TemplateVersion], int | None]:
    """Return the versions behind number `after`, the oldest first, and the one to go on behind.

    Raises NotFoundError where there has never been such a template.
    """
    start = (_version_path(org, id_, after),) if after else None
    query = Query(paths.template_versions(org, id_), limit=limit + 1, start_after=start)
    found = [_version(document.data) for document in await engine.store.query(query)]
    if not found and not after:
        raise NotFoundError("Template", id_)
    return found[:limit], found[limit - 1].number if len(found) > limit else None


async def load_version(engine: Engine, org: str, id_: str, number: int) -> TemplateVersion:
    """Return one version, also of a template that was deleted. Raises NotFoundError."""
    document = at_version(
        await engine.store.get(_version_path(org, id_, number)), "Template version", str(number)
    )
    return _version(document.data)


def _path(org: str, id_: str) -> str:
    return f"{paths.templates(org)}/{id_}"


def _version_path(org: str, id_: str, number: int) -> str:
    """Return a version's path; with leading zeros versions lie in the order of their numbers."""
    return f"{paths.template_versions(org, id_)}/{number:09d}"


def _claim(org: str, name: str) -> str:
    """Return the path that holds a name for one template alone."""
    return paths.template_name(org, digest(name))


def _template(document: Document) -> NamedTemplate:
    data = {**document.data, "newest": _version(document.data["newest"])}
    return NamedTemplate(id=document.id, revision=document.version, **data)


def _version(data: Mapping[str, Any]) -> TemplateVersion:
    return TemplateVersion(**{**data, "wording": TemplateBody(**data["wording"])})
