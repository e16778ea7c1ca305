"""All configuration: read once from the environment and `.env`, validated, frozen.

A setting's docstring is its line in .env.example. What settings must not be together stands in
rules.py: a deployment that could be misused or lose work refuses to start.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from functions.settings.providers import NONE, Provider, alternatives, chosen
from functions.settings.urls import (
    QueueUrl,
    StoreUrl,
    is_loopback,
    is_loopback_url,
    parse_queue,
    parse_smtp,
    parse_store,
)
from functions.settings.values import (
    ConsoleUrl,
    Count,
    Email,
    Few,
    HttpUrl,
    IssuerUrl,
    LongSecret,
    Mailbox,
    OrgSenders,
    RisingSeconds,
    Seconds,
    SessionSecrets,
    choice_of,
    parsed_by,
    parsed_secret,
)


def _own_url(fields: dict[str, Any]) -> str:
    host = f"[{fields['host']}]" if ":" in fields["host"] else fields["host"]
    return f"http://{host}:{fields['port']}"


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


class Settings(BaseSettings):
    """Every setting, by its environment variable's name in lower case. Use `load_settings`."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        # A name in .env that no setting has would do nothing: most likely it is a slip.
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    store_url: Annotated[str, parsed_by(parse_store)] = "sqlite:///.data/clarion.db"
    """Where everything is kept: sqlite:///PATH, firestore://PROJECT, firestore://PROJECT/DATABASE"""
    firestore_emulator_host: str = Field("", pattern=r"^([^\s:/]+:\d{1,5})?$")
    """HOST:PORT of a Firestore emulator to use instead of the cloud"""
    queue_url: Annotated[str, parsed_by(parse_queue)] = "local://"
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

    voice_provider: Annotated[str, choice_of("voice")] = Field(
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
    sms_provider: Annotated[str, choice_of("sms")] = _beside_calls(
        "sms", "Who sends texts: {}; without it as calls, simulator or none"
    )
    whatsapp_provider: Annotated[str, choice_of("whatsapp")] = _beside_calls(
        "whatsapp", "Who sends WhatsApp messages: {} (Meta's API); as for texts"
    )
    email_provider: Annotated[str, choice_of("email")] = _beside_calls(
        "email", "Who sends mails: {}; as for texts"
    )
    webhook_provider: Annotated[str, choice_of("webhook")] = _beside_calls(
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
    smtp_url: Annotated[SecretStr, parsed_secret(parse_smtp)] = SecretStr("")
    """Where mails are handed over: smtps://USER:PASSWORD@HOST:PORT, or smtp:// for STARTTLS"""
    sendgrid_webhook_public_key: str = ""
    """The key, base64, that SendGrid's event webhooks are verified with"""
    unsubscribe_email: Mailbox = ""
    """Where mails that ask to unsubscribe go, unless an organisation names another address"""
    signing_secret: LongSecret = SecretStr("")
    """What signs the links in mails and webhook messages, at least 32 bytes"""
    org_senders: OrgSenders = Field(default_factory=dict)
    """What each organisation may send from, JSON such as {"acme": ["@acme.example"]}; unset: any"""
    voice_rate_per_s: float = Field(2, gt=0, le=1000, allow_inf_nan=False)
    """Calls begun per second, of each campaign and of each sender number"""
    live_calls_per_org: Count = 10
    """Calls of one organisation at a time"""
    live_calls_total: Count = 50
    """Calls of all organisations at a time"""
    live_call_freed_within_s: float = Field(1, ge=0, le=10, allow_inf_nan=False)
    """Seconds that an ended call waits at most to be noted in one write with others or the next"""
    call_time_limit_s: int = Field(3600, ge=1, le=86_400)
    """The carrier hangs up after this many seconds"""
    ring_timeout_s: int = Field(60, ge=1, le=600)
    """Seconds to let a phone ring"""

    auth_mode: Literal["off", "jwt"] = "off"
    """Who may use the API: off (anybody on this machine) or jwt (a signed token names them)"""
    jwt_secret: LongSecret = SecretStr("")
    """The secret that signs HS256 tokens, at least 32 bytes; this or JWT_JWKS_URL"""
    jwt_jwks_url: HttpUrl = ""
    """Where the identity provider publishes its RS256 or ES256 keys; this or JWT_SECRET"""
    jwt_issuer: str = ""
    """The only issuer (iss) whose tokens count"""
    jwt_audience: str = ""
    """The only audience (aud) whose tokens count"""
    session_secret: SessionSecrets = SecretStr("")
    """What seals the console's sessions, at least 32 bytes; to change it NEW,OLD for 8 hours"""
    console_url: ConsoleUrl = ""
    """Where browsers find the console: https://HOST/console, or .../api/console"""
    oidc_issuer: IssuerUrl = ""
    """The identity provider that people sign in at, as it calls itself (iss), to the last slash"""
    oidc_client_id: str = ""
    """What that provider knows the console as"""
    oidc_client_secret: SecretStr = SecretStr("")
    """The secret that it has given the console"""
    oidc_org_claim: str = Field("org", min_length=1)
    """The claim of its ID tokens that names somebody's organisation"""
    oidc_role_claim: str = Field("role", min_length=1)
    """The claim that names the role: one, or a list whose greatest one counts"""
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
    reserve_ahead_s: float = Field(5, ge=0, le=60, allow_inf_nan=False)
    """Seconds of a sender's rate reserved ahead where nobody else sends by it; a lease at most"""
    receipts_moment_ms: int = Field(400, ge=0, le=1000)
    """Milliseconds within which receipts of texts share a commit; the first waits for none"""
    lane_lease_s: float = Field(0, ge=0, le=86_400, allow_inf_nan=False)
    """Seconds after which a silent lane is taken over; 0: 10, on SQLite 2"""
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
    def callback_url(self) -> str:
        """Where the identity provider sends browsers back to: beside the console."""
        return f"{self.console_url.removesuffix('/console')}/session/callback"

    @property
    def session_secrets(self) -> list[str]:
        """SESSION_SECRET, read: the first one seals."""
        return [each.strip() for each in self.session_secret.get_secret_value().split(",") if each]

    @property
    def providers(self) -> list[Provider]:
        """The providers that are chosen, one for each kind of channel that is not off."""
        return chosen(lambda setting: getattr(self, setting.lower()))
