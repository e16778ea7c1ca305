"""The kinds of campaign and of channel."""

from enum import StrEnum


class CampaignKind(StrEnum):
    """How a campaign comes by its messages."""

    BROADCAST = "broadcast"  #: one message per person of its audience
    SINGLE = "single"  #: one message to one number, made with the campaign


class ChannelKind(StrEnum):
    """By what means a campaign reaches people."""

    VOICE = "voice"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    EMAIL = "email"
    WEBHOOK = "webhook"  #: a request to the organisation's own server for each person
