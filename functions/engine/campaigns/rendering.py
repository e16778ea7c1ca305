"""Wording: what a campaign says to one person, filled in and ready to be kept with the message."""

from typing import Any

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.content import Content, texts_of
from functions.domain.templates.template import Missing, MissingFieldError, TemplateLimitError
from functions.engine.campaigns.recipient import Person


class UnsayableError(Exception):
    """There is nothing that can be said to this person; the message is the reason's code."""


class Wording:
    """The texts of a campaign, as it sends by one of its channels."""

    def __init__(self, campaign: Campaign) -> None:
        texts = texts_of(campaign)
        self._content = Content.parse(texts) if any(texts) else None
        self._missing, self._defaults = Missing(campaign.missing), campaign.defaults

    def of(self, person: Person) -> dict[str, Any]:
        """Return what is stored of it with the person's message. Raises UnsayableError.

        Who was to be told something by an earlier campaign that this one repeats is told that.
        """
        if self._content is None:
            return {}
        try:
            texts = person.said or self._content.render(
                person.values, missing=self._missing, defaults=self._defaults
            )
        except MissingFieldError:
            raise UnsayableError("missing_field") from None
        except TemplateLimitError:
            raise UnsayableError("template_too_large") from None
        return texts.stored
