"""All configuration: read once from the environment and `.env`, validated, frozen.

A setting's docstring is its line in .env.example. What settings must not be together stands in
rules.py: a deployment that could be misused or lose work refuses to start.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from functions.settings.providers import NONE, Provider, alternatives, choices, chosen
from functions.settings.urls import (
    QueueUrl,
    StoreUrl,
    is_loopback,
    is_loopback_url,
    parse_queue,
    parse_smtp,
    parse_store,
)

_VALID_SECRETS: Final = 2  #: the one that seals, and the one before it
HS256_BYTES = 32  # RFC 7518, 3.2: a key is at least as long as the hash

# --- What a setting may be -------------------------------------------------------------------


def _parsed_by(parse: Callable[[str], object]) -> AfterValidator:
    """Accept the text that `parse` can read, as it is."""

    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


def _parsed_secret(parse: Callable[[str], object]) -> AfterValidator:
    """Accept the secret text that `parse` can read, as it is, or none."""

    def check(secret: SecretStr) -> SecretStr:
        if secret:
            parse(secret.get_secret_value())
        return secret

    return AfterValidator(check)


def _check_http(url: str) -> str:
    parts = urlsplit(url)
    if url and (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.username
        or parts.query
        or parts.fragment
    ):
        raise ValueError("must be http(s)://HOST, with neither user, query nor fragment")
    return url.rstrip("/")


def _check_secret_length(secret: SecretStr) -> SecretStr:
    if secret and len(secret.get_secret_value().encode()) < HS256_BYTES:
        raise ValueError("must have at least 32 bytes; `openssl rand -hex 32` prints a good one")
    return secret


def _check_session_secrets(secret: SecretStr) -> SecretStr:
    each = [part.strip() for part in secret.get_secret_value().split(",")]
    if secret and (len(each) > _VALID_SECRETS or any(len(s.encode()) < HS256_BYTES for s in each)):
        raise ValueError(
            "must be one secret, or the new one and the old one with a comma between, each of at"
            " least 32 bytes; `openssl rand -hex 32` prints a good one"
        )
    return secret


def _check_console(url: str) -> str:
    if url and not url.endswith("/console"):
        raise ValueError("must be the URL of the console, such as https://HOST/console")
    return url


def _check_email(email: str) -> str:
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise ValueError("must be the e-mail address of a service account")
    return email


def _check_mailbox(email: str) -> str:
    if email and not re.fullmatch(r"[!-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", email):
        raise ValueError("must be an e-mail address, such as unsubscribe@example.com")
    return email


def _split_seconds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"\s*\d+\s*(,\s*\d+\s*)*", value):
        raise ValueError("must be whole seconds separated by commas, such as 30,300,600")
    return tuple(int(part) for part in value.split(","))


def _check_rising(seconds: tuple[int, ...]) -> tuple[int, ...]:
    if any(later <= earlier for earlier, later in zip((0, *seconds), seconds, strict=False)):
        raise ValueError("must rise from one to the next, the first above 0")
    return seconds


Count = Annotated[int, Field(ge=1, le=10_000)]
Few = Annotated[int, Field(ge=1, le=100)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
HttpUrl = Annotated[str, AfterValidator(_check_http)]
Email = Annotated[str, AfterValidator(_check_email)]
Mailbox = Annotated[str, AfterValidator(_check_mailbox)]
RisingSeconds = Annotated[
    tuple[int, ...],
    NoDecode,
    BeforeValidator(_split_seconds),
    Field(min_length=1),
    AfterValidator(_check_rising),
]


def _read_senders(value: Any) -> Any:
    """Read the JSON of an organisation's senders; what an entry may be says sender_lists.py."""
    # Most deployments name none, and it needs the tables of phone numbers.
    from functions.domain.contacts.sender_lists import read_grants
    from functions.domain.errors import InvalidFieldError

    try:
        found = json.loads(value) if isinstance(value, str) else value
        if not isinstance(found, dict) or not all(map(_is_texts, found.values())):
            raise ValueError(_SENDERS_FORM)
        if wrong := [org for org in found if org != "*" and not _ORG.fullmatch(org)]:
            raise ValueError(f"{wrong[0]!r} is no organisation's name, which has no blanks")
        read_grants(found)
    except json.JSONDecodeError:
        raise ValueError(_SENDERS_FORM) from None
    except InvalidFieldError as error:
        raise ValueError(str(error)) from None
    return {org: tuple(each) for org, each in found.items()}


_ORG: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SENDERS_FORM: Final = 'must be JSON such as {"acme": ["+12025550111", "@acme.example"], "*": []}'


def _is_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)


OrgSenders = Annotated[dict[str, tuple[str, ...]], NoDecode, BeforeValidator(_read_senders)]


def _own_url(fields: dict[str, Any]) -> str:
    host = f"[{fields['host']}]" if ":" in fields["host"] else fields["host"]
    return f"http://{host}:{fields['port']}"


def _choice_of(kind: str) -> AfterValidator:
    """Accept what chooses a provider of this kind of channel."""

    def check(choice: str) -> str:
        if choice not in (allowed := choices(kind)):
            raise ValueError(f"must be one of {', '.join(allowed)}, not {choice!r}")
        return choice

    return AfterValidator(check)


def _beside_calls(kind: str, description: str) -> Any:
    """Return the field of a kind that follows that of calls; its choices take the place of {}."""

    # Who really calls people must not seem to text them as well.
    def default(fields: dict[str, Any]) -> str:
        return "simulator" if fields.get("voice_provider") == "simulator" else NONE

    text = description.format(alternatives(kind))
    return Field(default_factory=default, description=text)


def _only_local(fields: dict[str, Any]) -> bool:
    # A proxy before a loopback HOST makes a server of it; PUBLIC_BASE_URL tells of one.
    own = is_loopback(fields["host"]) and is_loopback_url(fields["public_base_url"])
    return own and not fields["k_service"]


def _usual_proxies(fields: dict[str, Any]) -> int:
    return 1 if fields["k_service"] else 0


# --- The settings ----------------------------------------------------------------------------


class Settings(BaseSettings):
    """Every setting, by its environment variable's name in lower case. Use `load_settings`."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        # A name in .env that no setting has would do nothing: most likely it is a slip.
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    store_url: Annotated[str, _parsed_by(parse_store)] = "sqlite:///.data/clarion.db"
    """Where everything is kept: sqlite:///PATH, firestore://PROJECT, firestore://PROJECT/DATABASE"""
    firestore_emulator_host: str = Field("", pattern=r"^([^\s:/]+:\d{1,5})?$")
    """HOST:PORT of a Firestore emulator to use instead of the cloud"""
    queue_url: Annotated[str, _parsed_by(parse_queue)] = "local://"
    """Who delivers tasks: local:// (this process) or cloudtasks://PROJECT/LOCATION/QUEUE"""

    host: str = Field("127.0.0.1", min_length=1)
    """The address to listen on; anything but loopback needs AUTH_MODE and INVOKER_AUTH"""
    port: int = Field(8080, ge=1, le=65535)
    """The port to listen on"""
    k_service: str = ""
    """Set by Cloud Run and never by hand: marks a public deployment"""
    public_base_url: HttpUrl = Field(default_factory=_own_url)
    """The URL that carriers and task queues reach us by; without it http://HOST:PORT"""
    allow_private_hosts: bool = Field(default_factory=_only_local)
    """Whether users may name private hosts; unset: where HOST and PUBLIC_BASE_URL are loopback"""

    trusted_proxies: int = Field(default_factory=_usual_proxies, ge=0, le=10)
    """Proxies before us that add to X-Forwarded-For; unset: 1 on Cloud Run, else 0"""

    max_campaigns: int = Field(5, ge=1, le=1000)
    """Campaigns that one check starts at most"""
    schedule_ahead_days: int = Field(14, ge=1, le=3650)
    """Days ahead that a campaign may be scheduled over REST at most"""
    check_interval_s: Seconds = 60
    """Seconds between two checks where no Cloud Scheduler makes them"""
    calling_windows: Literal["default", "off"] = "default"
    """Whether calls keep to the hours of the person's country: default or off"""
    api_rate_per_s: float = Field(50, ge=0, le=100_000, allow_inf_nan=False)
    """API requests per second, organisation and instance; twice as many at once; 0: no limit"""
    csv_max_bytes: int = Field(50_000_000, ge=1, le=1_000_000_000)
    """The largest contact file that is accepted"""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important log line that is written: debug, info, warning or error"""

    voice_provider: Annotated[str, _choice_of("voice")] = Field(
        "simulator",
        description=f"Who makes the calls: {alternatives('voice')}; the simulator calls nobody",
    )
    simulator_script: str = ""
    """What the simulator's people do, instead of its own mix"""
    simulator_ledger: Path = Path(".data/carrier.jsonl")
    """Where the simulator notes every call that it made and every text that it took"""
    plivo_auth_id: str = ""
    """Plivo account"""
    plivo_auth_token: SecretStr = SecretStr("")
    """Plivo secret: pays for calls and signs callbacks"""
    plivo_api_url: HttpUrl = "https://api.plivo.com"
    """Plivo's API"""
    sms_provider: Annotated[str, _choice_of("sms")] = _beside_calls(
        "sms", "Who sends texts: {}; without it as calls, simulator or none"
    )
    whatsapp_provider: Annotated[str, _choice_of("whatsapp")] = _beside_calls(
        "whatsapp", "Who sends WhatsApp messages: {} (Meta's API); as for texts"
    )
    email_provider: Annotated[str, _choice_of("email")] = _beside_calls(
        "email", "Who sends mails: {}; as for texts"
    )
    webhook_provider: Annotated[str, _choice_of("webhook")] = _beside_calls(
        "webhook", "Who posts webhook messages: {} (ourselves); as for texts"
    )
    twilio_account_sid: str = ""
    """Twilio account"""
    twilio_auth_token: SecretStr = SecretStr("")
    """Twilio secret: pays for messages and signs callbacks"""
    twilio_api_url: HttpUrl = "https://api.twilio.com"
    """Twilio's API"""
    plivo_dlt_entity_id: str = ""
    """The registration (DLT) that texts to India need; each template names its own"""
    plivo_dlt_template_category: Literal[
        "promotional", "transactional", "service_implicit", "service_explicit"
    ] = "promotional"
    """What the templates of texts to India are registered as (Plivo's dlt_template_category)"""
    whatsapp_api_url: HttpUrl = "https://graph.facebook.com/v23.0"
    """Meta's Graph API, with its version"""
    whatsapp_phone_number_id: str = ""
    """Meta's id of the number that WhatsApp messages come from"""
    whatsapp_token: SecretStr = SecretStr("")
    """Meta secret: sends messages"""
    whatsapp_app_secret: SecretStr = SecretStr("")
    """Meta secret: signs callbacks"""
    whatsapp_verify_token: SecretStr = SecretStr("")
    """What Meta is to say when it asks whether a callback URL is ours"""
    smtp_url: Annotated[SecretStr, _parsed_secret(parse_smtp)] = SecretStr("")
    """Where mails are handed over: smtps://USER:PASSWORD@HOST:PORT, or smtp:// for STARTTLS"""
    sendgrid_webhook_public_key: str = ""
    """The key, base64, that SendGrid's event webhooks are verified with"""
    unsubscribe_email: Mailbox = ""
    """Where mails that ask to unsubscribe go, unless an organisation names another address"""
    signing_secret: Annotated[SecretStr, AfterValidator(_check_secret_length)] = SecretStr("")
    """What signs the links in mails and webhook messages, at least 32 bytes"""
    org_senders: OrgSenders = Field(default_factory=dict)
    """What each organisation may send from, JSON such as {"acme": ["@acme.example"]}; unset: any"""
    voice_rate_per_s: float = Field(2, gt=0, le=1000, allow_inf_nan=False)
    """Calls begun per second, of each campaign and of each sender number"""
    live_calls_per_org: Count = 10
    """Calls of one organisation at a time"""
    live_calls_total: Count = 50
    """Calls of all organisations at a time"""
    call_time_limit_s: int = Field(3600, ge=1, le=86_400)
    """The carrier hangs up after this many seconds"""
    ring_timeout_s: int = Field(60, ge=1, le=600)
    """Seconds to let a phone ring"""

    auth_mode: Literal["off", "jwt"] = "off"
    """Who may use the API: off (anybody on this machine) or jwt (a signed token names them)"""
    jwt_secret: Annotated[SecretStr, AfterValidator(_check_secret_length)] = SecretStr("")
    """The secret that signs HS256 tokens, at least 32 bytes; this or JWT_JWKS_URL"""
    jwt_jwks_url: HttpUrl = ""
    """Where the identity provider publishes its RS256 or ES256 keys; this or JWT_SECRET"""
    jwt_issuer: str = ""
    """The only issuer (iss) whose tokens count"""
    jwt_audience: str = ""
    """The only audience (aud) whose tokens count"""
    session_secret: Annotated[SecretStr, AfterValidator(_check_session_secrets)] = SecretStr("")
    """What seals the console's sessions, at least 32 bytes; to change it NEW,OLD for 8 hours"""
    console_url: Annotated[HttpUrl, AfterValidator(_check_console)] = ""
    """Where browsers find the console: https://HOST/console, or .../api/console"""
    invoker_auth: Literal["off", "oidc", "iam"] = "off"
    """How scheduler and task queue prove themselves: off, oidc (to us) or iam (to Cloud Run)"""
    invoker_service_account: Email = ""
    """The service account that scheduler and task queue call as"""
    invoker_audience: str = ""
    """The audience that its tokens are made for: our URL, without path"""

    max_attempts: Few = 3
    """Attempts to reach one person, the first included"""
    retry_backoff_s: Seconds = 300
    """Seconds before calling again; doubles with each attempt"""
    defer_s: Seconds = 30
    """Seconds before a message is offered again to a provider that was away or busy; doubles"""
    launch_page: Count = 1000
    """Contacts that a launch turns into messages with one commit"""
    dispatch_page: Count = 6000
    """Due messages that a dispatch reads at once"""
    chunk: Count = 500
    """Messages claimed at once; a pause waits for those in hand"""
    lanes: Few = 4
    """Lanes that a campaign is split into at most"""
    lane_lease_s: Seconds = 60
    """Seconds after which a silent lane is taken over"""
    send_lease_s: Seconds = 90
    """Seconds after which the outcome of an unfinished send counts as unknown"""
    unknown_wait_s: Seconds = 900
    """Seconds to wait for a receipt before an unknown outcome is settled"""
    look_up_after_s: Seconds = 300
    """Seconds without a receipt after which the provider is asked"""
    task_deadline_s: Seconds = 480
    """Seconds after which a task hands over to its continuation"""
    task_max_attempts: Few = 10
    """Deliveries of one task at most"""
    poll_schedule_s: RisingSeconds = (30, 300, 600, 900, 1200, 1500, 1800)
    """Seconds after a campaign's last send at which its receipts are counted"""

    @property
    def store(self) -> StoreUrl:
        """STORE_URL, read."""
        return parse_store(self.store_url)

    @property
    def queue(self) -> QueueUrl:
        """QUEUE_URL, read."""
        return parse_queue(self.queue_url)

    @property
    def session_secrets(self) -> list[str]:
        """SESSION_SECRET, read: the first one seals."""
        return [each.strip() for each in self.session_secret.get_secret_value().split(",") if each]

    @property
    def providers(self) -> list[Provider]:
        """The providers that are chosen, one for each kind of channel that is not off."""
        return chosen(lambda setting: getattr(self, setting.lower()))
