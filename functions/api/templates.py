"""Templates over REST: named texts with versions, tried on one person or a whole audience."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from functions.api.campaigns.bodies import FieldName, Html, Subject
from functions.api.campaigns.preview_views import Length
from functions.api.contacts.views import UsesAnswer, shown_uses
from functions.api.warnings import Warned, shown_warnings
from functions.domain.campaigns import audience
from functions.domain.campaigns.audience import AudienceKind
from functions.domain.kinds import ChannelKind
from functions.domain.templates.template import Missing
from functions.domain.warnings import InputWarning
from functions.engine.campaigns.content import template_checks
from functions.engine.campaigns.content.template_checks import Trial
from functions.engine.contacts import in_use
from functions.engine.templates import templates
from functions.engine.templates.templates import NamedTemplate, TemplateBody, TemplateVersion
from functions.web.auth import Area
from functions.web.caller_route import CallerContext, Operator, RestRoute, Viewer
from functions.web.cursors import (
    Cursor,
    Limit,
    NamePrefix,
    Page,
    after_id,
    decode_cursor,
    encode_cursor,
    id_cursor,
    page,
)
from functions.web.etags import IfMatch
from functions.web.fields import Id, Instant, Name, RestBody, example

router = APIRouter(prefix="/templates", tags=[Area.TEMPLATES], route_class=RestRoute)

_MOST_FIELDS = 100


def _no_null(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold a null character")
    return text


#: Blanks around it are kept: they are part of the message, and columns are counted from them.
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=False, min_length=1, max_length=10_000),
    AfterValidator(_no_null),
]
Values = Annotated[
    dict[FieldName, Annotated[str, StringConstraints(strip_whitespace=False, max_length=1000)]],
    Field(max_length=_MOST_FIELDS),
]
Number = Annotated[int, Path(ge=1, le=999_999_999)]


class Words(RestBody):
    """A text, and what becomes of those who lack a field of it."""

    text: Text
    subject: Subject | Literal[""] = ""
    html: Html = ""
    channel: ChannelKind | None = None
    missing: Missing = Missing.BLANK
    defaults: Values = Field(default_factory=dict)

    @property
    def wording(self) -> TemplateBody:
        """What is to be stored of it."""
        return TemplateBody(**{name: getattr(self, name) for name in Words.model_fields})


class NewTemplate(Words):
    """A text and what it is called."""

    name: Name

    model_config = example(
        {
            "name": "Welcome",
            "channel": "sms",
            "text": 'Hello {{ first_name | default: "there" }}!',
        }
    )


class Person(RestBody):
    """For whom a text is filled in: a contact, or somebody made up."""

    model_config = example({"contact_id": "4f2a8c01d3e5"})

    contact_id: Id | None = None
    values: Values | None = None

    @model_validator(mode="after")
    def _one_person(self) -> "Person":
        if (self.contact_id is None) == (self.values is None):
            raise ValueError("must have one of contact_id and values")
        return self


class TemplatePreview(Person, Words):
    """A text that is not saved, and for whom it is filled in."""

    model_config = example({"text": "Hello {first_name}!", "values": {"first_name": "Ann"}})


class TemplateCheck(RestBody):
    """Which text is checked, a saved one or this, and for whom."""

    template_id: Id | None = None
    text: Text | None = None
    missing: Missing = Missing.BLANK
    defaults: Values = Field(default_factory=dict)
    list_id: Id | None = None
    segment_id: Id | None = None
    everyone: Literal[True] | None = None

    model_config = example({"text": "Hello {first_name}!", "everyone": True})

    @model_validator(mode="after")
    def _one_of_each(self) -> "TemplateCheck":
        if (self.text is None) == (self.template_id is None):
            raise ValueError("must have one of template_id and text")
        if sum(map(bool, (self.list_id, self.segment_id, self.everyone))) != 1:
            raise ValueError("must have one of list_id, segment_id and everyone")
        return self

    @property
    def wanted(self) -> audience.Audience:
        """The audience that the template is checked for."""
        if self.list_id:
            return audience.Audience(AudienceKind.LIST, self.list_id)
        if self.segment_id:
            return audience.Audience(AudienceKind.SEGMENT, self.segment_id)
        return audience.Audience(AudienceKind.EVERYONE)


class ShownVersion(BaseModel):
    """What a template said from some time on."""

    version: int
    channel: ChannelKind | None
    text: str
    subject: str
    html: str
    missing: Missing
    defaults: dict[str, str]
    created_at: Instant
    created_by: str


class ShownTemplate(ShownVersion):
    """A template in its newest version."""

    id: str
    name: str
    updated_at: Instant
    updated_by: str


class WrittenTemplate(ShownTemplate, Warned):
    """A template as it was just written, and the doubts about it."""


class TemplatePage(Page[ShownTemplate]):
    """Some templates."""


class VersionPage(Page[ShownVersion]):
    """Some versions of a template, the oldest first."""


class ShownTrial(Warned):
    """What a person is told; null where they would be left out for what is `missing`."""

    rendered_message: str | None
    used_template: str
    subject: str | None
    html: str | None
    missing: list[str]
    sms: Length


class ShownCheck(Warned):
    """How many people were looked at, and how many of them lack which field."""

    checked: int
    complete: bool
    missing: dict[str, int]


@router.post("", status_code=201, response_model=WrittenTemplate)
async def create_template(new: NewTemplate, context: Operator) -> dict[str, Any]:
    """Save a text under a name. A mistake in it is told by line and column."""
    made = await templates.create(context.engine, context.org, new.name, new.wording, by=context.by)
    return await _written(made, context)


@router.get("", response_model=TemplatePage)
async def list_templates(
    context: Viewer,
    name_prefix: NamePrefix = "",
    channel: ChannelKind | None = None,
    cursor: Cursor = "",
    limit: Limit = 100,
) -> dict[str, Any]:
    """Show the templates, page by page; with a channel also those that are for any."""
    found, following = await templates.page_of(
        context.engine,
        context.org,
        after=after_id(cursor),
        limit=limit,
        name_prefix=name_prefix,
        channel=channel,
    )
    return page([_template(each) for each in found], id_cursor(following))


@router.post("/preview", response_model=ShownTrial)
async def preview_text(wanted: TemplatePreview, context: Viewer) -> dict[str, Any]:
    """Show what a text says that is not saved."""
    return await _tried(context, wanted, wanted.wording)


@router.post("/check", response_model=ShownCheck)
async def check_template(wanted: TemplateCheck, context: Viewer) -> dict[str, Any]:
    """Count what the people of an audience lack who would be contacted.

    Reading a large audience takes time: `complete` tells whether there was enough of it.
    """
    engine, org = context.engine, context.org
    if wanted.template_id:
        wording = (await templates.load(engine, org, wanted.template_id)).newest.wording
    else:
        wording = TemplateBody(
            text=wanted.text or "", missing=wanted.missing, defaults=wanted.defaults
        )
    found = await template_checks.check(engine, org, wording, wanted.wanted)
    counted = {"checked": found.checked, "complete": found.complete, "missing": found.missing}
    return {**counted, **_doubts(found.warnings)}


@router.get("/{template_id}", response_model=ShownTemplate)
async def get_template(template_id: Id, context: Viewer) -> dict[str, Any]:
    """Show a template in its newest version."""
    return _tagged(await templates.load(context.engine, context.org, template_id), context)


@router.put("/{template_id}", response_model=WrittenTemplate)
async def replace_template(
    template_id: Id, wanted: NewTemplate, context: Operator, if_version: IfMatch
) -> dict[str, Any]:
    """Make a new version; the old ones stay. What says the same makes none."""
    changed = await templates.replace(
        context.engine,
        context.org,
        template_id,
        wanted.name,
        wanted.wording,
        by=context.by,
        if_version=if_version,
    )
    return await _written(changed, context)


@router.delete("/{template_id}", status_code=204)
async def delete_template(template_id: Id, context: Operator, if_version: IfMatch) -> None:
    """Delete a template. Its versions stay readable, for the campaigns that used them."""
    await templates.delete(context.engine, context.org, template_id, if_version=if_version)


@router.get("/{template_id}/campaigns", response_model=UsesAnswer)
async def list_template_campaigns(template_id: Id, context: Viewer) -> dict[str, Any]:
    """List the campaigns that have not ended, and whose words were taken from a template."""
    await templates.load(context.engine, context.org, template_id)
    return shown_uses(await in_use.uses_of_template(context.engine, context.org, template_id))


@router.get("/{template_id}/versions", response_model=VersionPage)
async def list_versions(
    template_id: Id, context: Viewer, cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """Show what a template has said, the oldest version first."""
    after = decode_cursor(cursor, int, str)
    found, following = await templates.versions(
        context.engine, context.org, template_id, after=after[0] if after else 0, limit=limit
    )
    next_cursor = encode_cursor([following, template_id]) if following else None
    return page([_version(each) for each in found], next_cursor)


@router.get("/{template_id}/versions/{number}", response_model=ShownVersion)
async def get_version(template_id: Id, number: Number, context: Viewer) -> dict[str, Any]:
    """Show what a template said in one version."""
    return _version(await templates.load_version(context.engine, context.org, template_id, number))


@router.post("/{template_id}/preview", response_model=ShownTrial)
async def preview_template(template_id: Id, wanted: Person, context: Viewer) -> dict[str, Any]:
    """Show what a template says to a person."""
    found = await templates.load(context.engine, context.org, template_id)
    return await _tried(context, wanted, found.newest.wording)


async def _tried(context: CallerContext, who: Person, wording: TemplateBody) -> dict[str, Any]:
    engine, org = context.engine, context.org
    values: Mapping[str, str] = who.values or {}
    if who.contact_id:
        context.require_contacts()
        values = await template_checks.values_of(engine, org, who.contact_id)
    shown = _trial(template_checks.preview(wording, values))
    found = await templates.doubtful_words(engine, org, wording, have=values)
    return {**shown, **_doubts(found)}


def _trial(trial: Trial) -> dict[str, Any]:
    texts = trial.texts
    return {
        "rendered_message": texts and texts.body,
        "used_template": trial.template,
        "subject": texts and texts.subject,
        "html": texts and texts.html,
        "missing": trial.missing,
        "sms": trial.length,
    }


async def _written(template: NamedTemplate, context: CallerContext) -> dict[str, Any]:
    found = await templates.doubtful_words(context.engine, context.org, template.newest.wording)
    return {**_tagged(template, context), **_doubts(found)}


def _doubts(found: Sequence[InputWarning]) -> dict[str, Any]:
    return {"warnings": shown_warnings(found)} if found else {}


def _tagged(template: NamedTemplate, context: CallerContext) -> dict[str, Any]:
    return context.tagged((_template(template), template.revision))


def _template(template: NamedTemplate) -> dict[str, Any]:
    newest = _version(template.newest)
    return {
        **newest,
        "id": template.id,
        "name": template.name,
        "created_at": template.created_at,
        "created_by": template.created_by,
        "updated_at": template.updated_at,
        "updated_by": template.updated_by,
    }


def _version(version: TemplateVersion) -> dict[str, Any]:
    return {
        **asdict(version.wording),
        "version": version.number,
        "created_at": version.created_at,
        "created_by": version.created_by,
    }
