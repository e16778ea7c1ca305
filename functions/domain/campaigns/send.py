"""Send: what one channel says, from which sender, by which provider, how fast."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from functions.domain.campaigns.stored import record
from functions.domain.kinds import ChannelKind
from functions.domain.sending_rules.windows import QuietHours


class Content(NamedTuple):
    """The texts and links of a send, before they are filled in; a channel may use few of them."""

    template: str = ""  #: a text, or the text beside a mail's HTML
    template_id: str = ""  #: the named template that the text was taken from
    template_version: int = 0
    subject: str = ""
    html: str = ""
    provider_template: str = ""  #: a text that the provider keeps and fills in itself
    language: str = ""  #: of the provider's text
    parameters: Sequence[str] = ()  #: what the provider's text is filled in with, each a template
    webhook_url: str = ""  #: where webhook messages are posted to
    callback: str = ""  #: what the program is told that is called, as JSON
    bot_url: str = ""  #: where answered calls are connected to, ws:// or wss://
    machine_detection: str = ""
    missing: str = "blank"  #: what becomes of a person who lacks a field of a template
    defaults: Mapping[str, str] = {}  #: values for persons who lack a field


class Send(NamedTuple):
    """How one channel reaches people. A campaign has its own, and each fallback has one."""

    key: str  #: names the send within its campaign: "" the campaign's own, "fallback-1", ...
    channel: ChannelKind
    provider: str
    sender: str  #: the number or address that people see
    content: Content = Content()
    rate_per_s: float | None = None  #: messages a second, of this send and of its sender
    quiet_hours: QuietHours | None = None  #: of the plan that it belongs to; stored with that


def send_from(data: Mapping[str, Any]) -> Send:
    """Rebuild a send from its stored fields."""
    channel, content = ChannelKind(data["channel"]), record(Content, data["content"])
    return record(Send, {**data, "channel": channel, "content": content})


def send_fields(send: Send) -> dict[str, Any]:
    """Return what is stored of a send."""
    content = {name: value for name, value in send.content._asdict().items() if value}
    fields = {**send._asdict(), "content": content}
    del fields["quiet_hours"]
    return fields
