"""The kinds of campaign and of channel."""

from enum import StrEnum
from typing import Final, Literal, NamedTuple, assert_never


class CampaignKind(StrEnum):
    """How a campaign comes by its messages."""

    BROADCAST = "broadcast"  #: one message per person of its audience
    SINGLE = "single"  #: one message to one number, made with the campaign
    JOURNEY = "journey"  #: each person walks through a plan, node by node
    SEQUENCE = "sequence"  #: each person walks through a plan whose steps have fixed times


class CampaignFacts(NamedTuple):
    """What holds for a kind of campaign."""

    launches_audience: bool  #: its messages are made from its audience, once it has started
    completes: bool  #: it ends once its lanes have nothing left to do
    keeps_rules: bool  #: suppressions, hours and caps hold its messages back
    walks: bool = False  #: people are enrolled, and walk through its plan
    counts_itself: bool = False  #: its own document counts its messages: they are few


_BROADCASTS: Final = CampaignFacts(launches_audience=True, completes=True, keeps_rules=True)
_SINGLES: Final = CampaignFacts(
    launches_audience=False, completes=True, keeps_rules=False, counts_itself=True
)
_WALKS: Final = CampaignFacts(launches_audience=True, completes=True, keeps_rules=True, walks=True)


def campaign_facts(kind: CampaignKind) -> CampaignFacts:
    """Return what holds for a kind of campaign."""
    match kind:
        case CampaignKind.BROADCAST:
            return _BROADCASTS
        case CampaignKind.SINGLE:
            return _SINGLES
        case CampaignKind.JOURNEY | CampaignKind.SEQUENCE:
            return _WALKS
        case _:
            assert_never(kind)


class ChannelKind(StrEnum):
    """By what means a campaign reaches people."""

    VOICE = "voice"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    EMAIL = "email"
    WEBHOOK = "webhook"  #: a request to the organisation's own server for each person
    CALLBACK = "callback"  #: a call of the program that runs Clarion as a library


class ChannelFacts(NamedTuple):
    """What holds for a kind of channel, whoever its provider is."""

    reached_at: Literal["phone", "email", "either"]
    own_fields: frozenset[str] = frozenset()  #: of a campaign, besides its text
    is_call: bool = False
    takes_replies: bool = False  #: people answer by a text of their own
    quotes: bool = False  #: a reply may name the message that it answers, by the provider's id
    is_program: bool = False  #: it calls a program: people neither get nor stop anything by it
    keeps_country_hours: bool = True  #: it can disturb somebody at night
    #: What is told of its messages besides what is told of all, by whichever of its providers.
    events: frozenset[str] = frozenset()
    is_opened_by_programs: bool = False  #: that it was opened is nobody's deed for sure


_CALLS: Final = ChannelFacts(
    "phone",
    is_call=True,
    events=frozenset({"answered", "completed", "no_answer", "busy", "machine"}),
)
_TEXTS: Final = ChannelFacts(
    "phone",
    frozenset({"provider_template", "language", "parameters"}),
    takes_replies=True,
    events=frozenset({"delivered", "replied"}),
)
_CHATS: Final = _TEXTS._replace(quotes=True, events=_TEXTS.events | {"opened"})
_MAILS: Final = ChannelFacts(
    "email",
    frozenset({"subject", "html"}),
    events=frozenset({"delivered", "opened", "clicked", "bounced", "complained"}),
    is_opened_by_programs=True,
)
_POSTS: Final = ChannelFacts("either", frozenset({"webhook_url"}), keeps_country_hours=False)
_CALLBACKS: Final = ChannelFacts(
    "either", frozenset({"callback"}), is_program=True, keeps_country_hours=False
)


def facts_of(kind: ChannelKind) -> ChannelFacts:
    """Return what holds for a kind of channel."""
    match kind:
        case ChannelKind.VOICE:
            return _CALLS
        case ChannelKind.SMS:
            return _TEXTS
        case ChannelKind.WHATSAPP:
            return _CHATS
        case ChannelKind.EMAIL:
            return _MAILS
        case ChannelKind.WEBHOOK:
            return _POSTS
        case ChannelKind.CALLBACK:
            return _CALLBACKS
        case _:
            assert_never(kind)
