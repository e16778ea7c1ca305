"""All configuration: read once from the environment and `.env`, validated, frozen.

A setting's docstring is its line in .env.example. What a combination of settings must not be
stands in `REFUSALS`: a deployment that could be misused or lose work refuses to start and says
which setting to change.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from functions.settings_text import error_sentences, example_text
from functions.settings_urls import (
    CloudTasksUrl,
    FirestoreUrl,
    LocalQueueUrl,
    QueueUrl,
    SqliteUrl,
    StoreUrl,
    is_loopback,
    is_loopback_url,
    is_public_url,
    is_safe_url,
    parse_queue,
    parse_store,
)

__all__ = [
    "CloudTasksUrl",
    "FirestoreUrl",
    "LocalQueueUrl",
    "QueueUrl",
    "Settings",
    "SettingsError",
    "SqliteUrl",
    "StoreUrl",
    "env_example",
    "load_settings",
]

HS256_BYTES = 32  # RFC 7518, 3.2: a key is at least as long as the hash

# --- What a setting may be -------------------------------------------------------------------


class SettingsError(Exception):
    """The configuration is refused; one sentence a line, each opening with its setting's name."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def _parsed_by(parse: Callable[[str], object]) -> AfterValidator:
    """Accept the text that `parse` can read, as it is."""

    def check(text: str) -> str:
        parse(text)
        return text

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


def _check_email(email: str) -> str:
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise ValueError("must be the e-mail address of a service account")
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
RisingSeconds = Annotated[
    tuple[int, ...],
    NoDecode,
    BeforeValidator(_split_seconds),
    Field(min_length=1),
    AfterValidator(_check_rising),
]


def _own_url(fields: dict[str, Any]) -> str:
    host = f"[{fields['host']}]" if ":" in fields["host"] else fields["host"]
    return f"http://{host}:{fields['port']}"


def _only_local(fields: dict[str, Any]) -> bool:
    return is_loopback(fields["host"]) and not fields["k_service"]


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
    """Whether bots may live on private addresses; without it true only on a loopback HOST"""

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

    voice_provider: Literal["simulator", "plivo"] = "simulator"
    """Who makes the calls: simulator (nobody is called) or plivo"""
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

    @model_validator(mode="after")
    def _refuse(self) -> Self:
        sentences = [sentence for refusals in REFUSALS for sentence in refusals(self)]
        if sentences:
            raise ValueError("\n".join(sentences))
        return self


# --- What settings must not be together ------------------------------------------------------


def _open_doors(settings: Settings) -> Iterator[str]:
    for name, remedy in (("AUTH_MODE", "jwt"), ("INVOKER_AUTH", "oidc")):
        if getattr(settings, name.lower()) == "off" and (reason := _why_not_open(settings)):
            yield f"{name}: off lets anybody in, but {reason}; set {name}={remedy}"


def _why_not_open(settings: Settings) -> str:
    if settings.k_service:
        return "K_SERVICE says that this is Cloud Run"
    if not is_loopback(settings.host):
        return f"HOST={settings.host} can be reached from other machines"
    if isinstance(settings.store, FirestoreUrl) and not settings.firestore_emulator_host:
        return "STORE_URL names a database in the cloud"
    return ""


def _users(settings: Settings) -> Iterator[str]:
    if settings.auth_mode != "jwt":
        return
    if bool(settings.jwt_secret) == bool(settings.jwt_jwks_url):
        yield "AUTH_MODE: jwt needs JWT_SECRET or JWT_JWKS_URL; set exactly one of them"
    if not settings.jwt_jwks_url:
        return
    if not is_safe_url(settings.jwt_jwks_url):
        yield "JWT_JWKS_URL: keys fetched without TLS can be forged; use https"
    for name in ("JWT_ISSUER", "JWT_AUDIENCE"):
        if not getattr(settings, name.lower()):
            yield f"{name}: JWT_JWKS_URL serves tokens for others too; set {name} to ours"


def _invoker(settings: Settings) -> Iterator[str]:
    mode = settings.invoker_auth
    if mode == "iam" and not settings.k_service:
        yield "INVOKER_AUTH: iam trusts Cloud Run's check and this is not Cloud Run; set it to oidc"
    if mode != "off" and not settings.invoker_service_account:
        yield f"INVOKER_SERVICE_ACCOUNT: INVOKER_AUTH={mode} admits one account; name it"
    if mode == "oidc" and not settings.invoker_audience:
        yield "INVOKER_AUDIENCE: INVOKER_AUTH=oidc needs to know it; set it to our URL"


def _voice(settings: Settings) -> Iterator[str]:
    if settings.voice_provider == "simulator" and settings.k_service:
        yield "VOICE_PROVIDER: simulator only pretends to call people; set VOICE_PROVIDER=plivo"
    if settings.voice_provider != "plivo":
        return
    for name in ("PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN"):
        if not getattr(settings, name.lower()):
            yield f"{name}: VOICE_PROVIDER=plivo needs it; copy it from the Plivo console"
    if not is_safe_url(settings.plivo_api_url):
        yield "PLIVO_API_URL: the token must not travel without TLS; use https"
    if not is_loopback_url(settings.plivo_api_url) and not is_public_url(settings.public_base_url):
        yield "PUBLIC_BASE_URL: Plivo must reach us; set it to a public https URL"


def _queue(settings: Settings) -> Iterator[str]:
    local = isinstance(settings.queue, LocalQueueUrl)
    if local and settings.k_service:
        yield "QUEUE_URL: a queue in a function's memory is lost with it; name a cloudtasks:// one"
    if local or (is_loopback_url(settings.public_base_url) and not settings.k_service):
        return
    if settings.invoker_auth == "off" and not _why_not_open(settings):
        yield "INVOKER_AUTH: off would let anybody post tasks to PUBLIC_BASE_URL; set it to oidc"
    if not is_public_url(settings.public_base_url):
        yield "PUBLIC_BASE_URL: Cloud Tasks must reach us; set it to a public https URL"


def _cloud_run(settings: Settings) -> Iterator[str]:
    if settings.k_service and isinstance(settings.store, SqliteUrl):
        yield "STORE_URL: a file on a function's disk is lost with it; name a firestore:// one"


def _private_hosts(settings: Settings) -> Iterator[str]:
    if settings.allow_private_hosts and (settings.k_service or not is_loopback(settings.host)):
        yield (
            "ALLOW_PRIVATE_HOSTS: true would let users reach the private network of a server; "
            "set it to false"
        )


REFUSALS: tuple[Callable[[Settings], Iterator[str]], ...] = (
    _open_doors,
    _users,
    _invoker,
    _voice,
    _queue,
    _cloud_run,
    _private_hosts,
)


# --- Reading and showing ---------------------------------------------------------------------


def load_settings(**overrides: Any) -> Settings:
    """Read the environment, then `.env`; `overrides`, by field name, go before both.

    `_env_file=None` leaves `.env` unread. Raises SettingsError with everything that is wrong,
    and never with the value of a secret.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    # Outside the except block: the chained ValidationError would carry the values.
    fields = Settings.model_fields
    raise SettingsError([line for each in errors for line in error_sentences(each, fields)])


def env_example() -> str:
    """Render .env.example: every setting with its description and its default."""
    return example_text(Settings.model_fields)
