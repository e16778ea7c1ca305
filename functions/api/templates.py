"""Templates over REST: named texts with versions, tried on one person or a whole audience."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    StringConstraints,
    model_validator,
)

from functions.api.campaigns.bodies import FieldName, Html, OneLine, Subject
from functions.api.campaigns.views import Length
from functions.domain.campaigns.audience import AudienceKind
from functions.domain.kinds import ChannelKind
from functions.domain.templates.template import Missing
from functions.domain.times import iso
from functions.engine.campaigns import template_checks
from functions.engine.campaigns.template_checks import Trial
from functions.engine.templates import templates
from functions.engine.templates.templates import NamedTemplate, TemplateVersion, Wording
from functions.web.auth import Area, Caller
from functions.web.caller_route import Operator, RestRoute, Viewer
from functions.web.context import AppContext, Context
from functions.web.cursors import Cursor, Limit, after_id, decode_cursor, encode_cursor, id_cursor
from functions.web.etags import IfMatch, tag
from functions.web.fields import Id, RestBody, example

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
    def wording(self) -> Wording:
        """What is to be stored of it."""
        return Wording(
            text=self.text,
            subject=self.subject,
            html=self.html,
            channel=self.channel,
            missing=self.missing,
            defaults=self.defaults,
        )


class NewTemplate(Words):
    """A text and what it is called."""

    name: OneLine

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


class PreviewWish(Person, Words):
    """A text that is not saved, and for whom it is filled in."""

    model_config = example({"text": "Hello {first_name}!", "values": {"first_name": "Ann"}})


class CheckWish(RestBody):
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
    def _one_of_each(self) -> "CheckWish":
        if (self.text is None) == (self.template_id is None):
            raise ValueError("must have one of template_id and text")
        if sum(map(bool, (self.list_id, self.segment_id, self.everyone))) != 1:
            raise ValueError("must have one of list_id, segment_id and everyone")
        return self

    @property
    def audience(self) -> dict[str, str]:
        """Whom it is checked for, as a campaign's audience is stored."""
        if self.list_id:
            return {"kind": AudienceKind.LIST, "id": self.list_id}
        if self.segment_id:
            return {"kind": AudienceKind.SEGMENT, "id": self.segment_id}
        return {"kind": AudienceKind.EVERYONE, "id": ""}


class ShownVersion(BaseModel):
    """What a template said from some time on."""

    version: int
    channel: ChannelKind | None
    text: str
    subject: str
    html: str
    missing: Missing
    defaults: dict[str, str]
    created_at: str
    created_by: str


class ShownTemplate(ShownVersion):
    """A template in its newest version, which was made at `updated_at`."""

    id: str
    name: str
    updated_at: str
    updated_by: str


class ShownPage(BaseModel):
    """Some templates."""

    data: list[ShownTemplate]
    next_cursor: str | None


class VersionPage(BaseModel):
    """Some versions of a template, the oldest first."""

    data: list[ShownVersion]
    next_cursor: str | None


class ShownTrial(BaseModel):
    """What a person is told; null where they would be left out for what is `missing`."""

    rendered_message: str | None
    used_template: str
    subject: str | None
    html: str | None
    missing: list[str]
    sms: Length


class ShownCheck(BaseModel):
    """How many people were looked at, and how many of them lack which field."""

    checked: int
    complete: bool
    missing: dict[str, int]


@router.post("", status_code=201)
async def create_template(
    new: NewTemplate, context: Context, caller: Operator, response: Response
) -> ShownTemplate:
    """Save a text under a name. A mistake in it is told by line and column."""
    made = await templates.create(
        context.engine, caller.org, new.name, new.wording, by=caller.subject
    )
    return _shown(made, response)


@router.get("")
async def list_templates(
    context: Context, caller: Viewer, cursor: Cursor = "", limit: Limit = 100
) -> ShownPage:
    """Show the templates, page by page."""
    found, following = await templates.load_all(
        context.engine, caller.org, after=after_id(cursor), limit=limit
    )
    return ShownPage(
        data=[_template(each) for each in found],
        next_cursor=id_cursor(following),
    )


@router.post("/preview")
async def preview_text(wanted: PreviewWish, context: Context, caller: Viewer) -> ShownTrial:
    """Show what a text says that is not saved."""
    return await _tried(context, caller, wanted, wanted.wording)


@router.post("/check")
async def check_template(wanted: CheckWish, context: Context, caller: Viewer) -> ShownCheck:
    """Count what the people of an audience lack who would be contacted.

    Reading a large audience takes time: `complete` tells whether there was enough of it.
    """
    engine, org = context.engine, caller.org
    if wanted.template_id:
        wording = (await templates.load(engine, org, wanted.template_id)).newest.wording
    else:
        wording = Wording(text=wanted.text or "", missing=wanted.missing, defaults=wanted.defaults)
    done = await template_checks.check(engine, org, wording, wanted.audience)
    return ShownCheck(checked=done.checked, complete=done.complete, missing=dict(done.missing))


@router.get("/{template_id}")
async def get_template(
    template_id: Id, context: Context, caller: Viewer, response: Response
) -> ShownTemplate:
    """Show a template in its newest version."""
    return _shown(await templates.load(context.engine, caller.org, template_id), response)


@router.put("/{template_id}")
async def replace_template(
    template_id: Id,
    wanted: NewTemplate,
    context: Context,
    caller: Operator,
    response: Response,
    if_version: IfMatch,
) -> ShownTemplate:
    """Make a new version; the old ones stay. What says the same makes none."""
    changed = await templates.replace(
        context.engine,
        caller.org,
        template_id,
        wanted.name,
        wanted.wording,
        by=caller.subject,
        if_version=if_version,
    )
    return _shown(changed, response)


@router.delete("/{template_id}", status_code=204)
async def delete_template(
    template_id: Id, context: Context, caller: Operator, if_version: IfMatch
) -> None:
    """Delete a template. Its versions stay readable, for the campaigns that used them."""
    await templates.delete(context.engine, caller.org, template_id, if_version=if_version)


@router.get("/{template_id}/versions")
async def list_versions(
    template_id: Id, context: Context, caller: Viewer, cursor: Cursor = "", limit: Limit = 100
) -> VersionPage:
    """Show what a template has said, the oldest version first."""
    after = decode_cursor(cursor, int, str)
    found, following = await templates.versions(
        context.engine, caller.org, template_id, after=after[0] if after else 0, limit=limit
    )
    return VersionPage(
        data=[_version(each) for each in found],
        next_cursor=following and encode_cursor([following, template_id]),
    )


@router.get("/{template_id}/versions/{number}")
async def get_version(
    template_id: Id, number: Number, context: Context, caller: Viewer
) -> ShownVersion:
    """Show what a template said in one version."""
    return _version(await templates.load_version(context.engine, caller.org, template_id, number))


@router.post("/{template_id}/preview")
async def preview_template(
    template_id: Id, wanted: Person, context: Context, caller: Viewer
) -> ShownTrial:
    """Show what a template says to a person."""
    found = await templates.load(context.engine, caller.org, template_id)
    return await _tried(context, caller, wanted, found.newest.wording)


async def _tried(context: AppContext, caller: Caller, who: Person, wording: Wording) -> ShownTrial:
    if who.values is not None:
        return _trial(template_checks.preview(wording, who.values))
    known = await template_checks.values_of(context.engine, caller.org, who.contact_id or "")
    return _trial(template_checks.preview(wording, known))


def _trial(trial: Trial) -> ShownTrial:
    told = trial.texts
    return ShownTrial(
        rendered_message=told and told.body,
        used_template=trial.template,
        subject=told and told.subject,
        html=told and told.html,
        missing=trial.missing,
        sms=Length(**trial.length._asdict()),
    )


def _shown(template: NamedTemplate, response: Response) -> ShownTemplate:
    tag(response, template.revision)
    return _template(template)


def _template(template: NamedTemplate) -> ShownTemplate:
    newest = _version(template.newest).model_dump()
    made = {"created_at": iso(template.created_at), "created_by": template.created_by}
    return ShownTemplate(
        **{**newest, **made},
        id=template.id,
        name=template.name,
        updated_at=newest["created_at"],
        updated_by=newest["created_by"],
    )


def _version(version: TemplateVersion) -> ShownVersion:
    wording = version.wording
    return ShownVersion(
        version=version.number,
        channel=wording.channel and ChannelKind(wording.channel),
        text=wording.text,
        subject=wording.subject,
        html=wording.html,
        missing=Missing(wording.missing),
        defaults=dict(wording.defaults),
        created_at=iso(version.created_at),
        created_by=version.created_by,
    )
