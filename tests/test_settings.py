"""Settings are read once, and a configuration that could be misused refuses to start."""

import traceback
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from functions.settings.load import SettingsError, env_example, load_settings
from functions.settings.model import Settings
from functions.settings.text import descriptions
from functions.settings.urls import (
    CloudTasksUrl,
    FirestoreUrl,
    LocalQueueUrl,
    QueueUrl,
    SqliteUrl,
    StoreUrl,
    is_loopback,
)

ROOT = Path(__file__).parents[1]
SECRET = "0123456789abcdef0123456789abcdef"

#: A deployment on Cloud Run as it should be.
CLOUD = {
    "k_service": "clarion",
    "store_url": "firestore://clarion",
    "queue_url": "cloudtasks://clarion/europe-west1/tasks",
    "public_base_url": "https://clarion.example",
    "auth_mode": "jwt",
    "jwt_secret": SECRET,
    "invoker_auth": "oidc",
    "invoker_service_account": "invoker@clarion.iam.gserviceaccount.com",
    "invoker_audience": "https://clarion.example",
    "voice_provider": "plivo",
    "plivo_auth_id": "MA0",
    "plivo_auth_token": "plivo-token",
}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Read neither the environment nor the .env of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def refusal(**overrides: Any) -> str:
    """Return what is said against a configuration."""
    with pytest.raises(SettingsError) as caught:
        load_settings(**overrides)
    return str(caught.value)


# --- Reading ---------------------------------------------------------------------------------


def test_nothing_needs_to_be_set() -> None:
    """Without any setting everything runs on this machine, and nobody is called."""
    settings = load_settings()
    assert settings.store == SqliteUrl(".data/clarion.db")
    assert settings.queue == LocalQueueUrl()
    assert settings.voice_provider == "simulator"
    assert settings.public_base_url == "http://127.0.0.1:8080"
    assert settings.allow_private_hosts
    assert settings.poll_schedule_s == (30, 300, 600, 900, 1200, 1500, 1800)


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Overrides go before the environment, and the environment before .env."""
    Path(".env").write_text("MAX_CAMPAIGNS=7\nLANES=8\nCHUNK=9\n")
    monkeypatch.setenv("LANES", "10")
    monkeypatch.setenv("CHUNK", "11")
    settings = load_settings(chunk=12)
    assert (settings.max_campaigns, settings.lanes, settings.chunk) == (7, 10, 12)


def test_an_empty_setting_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """`PORT=` means the default, not an error."""
    Path(".env").write_text("PORT=\nJWT_SECRET=\n")
    monkeypatch.setenv("MAX_CAMPAIGNS", "")
    assert load_settings() == load_settings(_env_file=None)


def test_settings_cannot_change() -> None:
    """Settings are frozen once they are read."""
    settings = load_settings()
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc] # the point of the test


def test_the_example_shows_every_setting() -> None:
    """.env.example is what the settings themselves say; `env_example` renders it anew."""
    assert (ROOT / ".env.example").read_text() == env_example()


def test_the_example_changes_nothing() -> None:
    """A copy of .env.example sets every setting to its default."""
    Path(".env").write_text(env_example())
    assert load_settings() == load_settings(_env_file=None)


def test_every_setting_is_described_in_one_line() -> None:
    """No setting goes without its line of why."""
    words = descriptions(Settings)
    assert set(words) == set(Settings.model_fields)
    for name, line in words.items():
        assert line, name
        assert "\n" not in line, name


@pytest.mark.parametrize(
    ("url", "store"),
    [
        ("sqlite:///clarion.db", SqliteUrl("clarion.db")),
        ("sqlite:////var/lib/clarion.db", SqliteUrl("/var/lib/clarion.db")),
        ("sqlite:///:memory:", SqliteUrl(":memory:")),
        ("firestore://demo-clarion", FirestoreUrl("demo-clarion", "(default)")),
        ("firestore://demo-clarion/(default)", FirestoreUrl("demo-clarion", "(default)")),
        ("firestore://example.com:clarion/eu-2", FirestoreUrl("example.com:clarion", "eu-2")),
    ],
)
def test_store_urls_are_read(url: str, store: StoreUrl) -> None:
    """STORE_URL names a file, memory, or a Firestore database."""
    settings = load_settings(store_url=url, firestore_emulator_host="127.0.0.1:8081")
    assert settings.store == store


@pytest.mark.parametrize(
    ("url", "queue"),
    [
        ("local://", LocalQueueUrl()),
        (
            "cloudtasks://clarion/europe-west1/tasks",
            CloudTasksUrl("clarion", "europe-west1", "tasks"),
        ),
    ],
)
def test_queue_urls_are_read(url: str, queue: QueueUrl) -> None:
    """QUEUE_URL names this process or a Cloud Tasks queue."""
    assert load_settings(queue_url=url).queue == queue


def test_our_own_url_follows_host_and_port() -> None:
    """PUBLIC_BASE_URL defaults to where we listen, also on IPv6, and ends without a slash."""
    assert load_settings(port=9000).public_base_url == "http://127.0.0.1:9000"
    assert load_settings(host="::1").public_base_url == "http://[::1]:8080"
    assert (
        load_settings(public_base_url="https://localhost/").public_base_url == "https://localhost"
    )


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),  # noqa: S104 - must not pass for loopback
        ("::", False),
        ("::ffff:10.0.0.1", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_loopback_is_told_by_name_or_address(host: str, loopback: bool) -> None:
    """Only what can mean nothing but this machine is loopback."""
    assert is_loopback(host) is loopback


# --- Wrong values ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("MAX_CAMPAIGNS", "abc", "must be a whole number from 1 to 1000, not 'abc'"),
        ("MAX_CAMPAIGNS", "0", "must be a whole number from 1 to 1000, not '0'"),
        ("MAX_CAMPAIGNS", "1001", "must be a whole number from 1 to 1000, not '1001'"),
        ("MAX_CAMPAIGNS", "1.5", "must be a whole number from 1 to 1000, not '1.5'"),
        ("PORT", "70000", "must be a whole number from 1 to 65535, not '70000'"),
        ("SEND_LEASE_S", "0", "must be a number above 0 and up to 86400, not '0'"),
        ("SEND_LEASE_S", "nan", "must be a number above 0 and up to 86400, not 'nan'"),
        ("VOICE_RATE_PER_S", "inf", "must be a number above 0 and up to 1000, not 'inf'"),
        ("VOICE_PROVIDER", "Twilio", "must be one of none, simulator, plivo, not 'Twilio'"),
        ("AUTH_MODE", "none", "must be one of off, jwt, not 'none'"),
        ("ALLOW_PRIVATE_HOSTS", "maybe", "must be true or false, not 'maybe'"),
        ("STORE_URL", "mysql://root:pw@db/x", "must be sqlite:///PATH, firestore://PROJECT or"),
        ("STORE_URL", "sqlite:///", "must be sqlite:///PATH"),
        ("STORE_URL", "firestore://", "must be sqlite:///PATH"),
        ("STORE_URL", "firestore://p/d/x", "must be sqlite:///PATH"),
        ("QUEUE_URL", "cloudtasks://p/l", "must be local:// or cloudtasks://PROJECT/LOCATION/"),
        ("QUEUE_URL", "local", "must be local://"),
        ("PUBLIC_BASE_URL", "example.com", "must be http(s)://HOST"),
        ("PUBLIC_BASE_URL", "https://example.com/?a=1", "must be http(s)://HOST"),
        ("PLIVO_API_URL", "https://id:token@api.plivo.com", "must be http(s)://HOST"),
        ("FIRESTORE_EMULATOR_HOST", "http://x", "must be as .env.example describes it: HOST:PORT"),
        ("INVOKER_SERVICE_ACCOUNT", "invoker", "must be the e-mail address"),
        ("JWT_SECRET", "a" * 31, "must have at least 32 bytes"),
        ("POLL_SCHEDULE_S", "30,soon", "must be whole seconds separated by commas"),
        ("POLL_SCHEDULE_S", "300,30", "must rise"),
        ("POLL_SCHEDULE_S", "0,30", "must rise"),
        ("ORG_SENDERS", "acme", "must be JSON such as"),
        ("ORG_SENDERS", '{"acme": "+12025550111"}', "must be JSON such as"),
        ("ORG_SENDERS", '{"acme": ["+12"]}', "acme: +12 is not a phone number"),
        ("ORG_SENDERS", '{"a b": []}', "'a b' is no organisation's name"),
    ],
)
def test_a_wrong_value_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    """A refusal names the setting, and what it must be instead."""
    monkeypatch.setenv(name, value)
    assert refusal().startswith(f"{name}: {sentence}")


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """Every wrong value has its own line, and what follows from one of them has none."""
    lines = refusal(host="", port="x", lanes=0).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["HOST", "PORT", "LANES"]


def test_a_misspelt_name_in_the_file_is_told() -> None:
    """A name in .env that no setting has would do nothing, so it is refused."""
    Path(".env").write_text("MAX_CAMPAIGN=7\n")
    assert refusal() == "MAX_CAMPAIGN: is no setting; .env.example lists them all"


def test_other_names_in_the_environment_are_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment belongs to others too."""
    monkeypatch.setenv("MAX_CAMPAIGN", "7")
    assert load_settings().max_campaigns == 5


@pytest.mark.parametrize(
    "overrides",
    [
        {"jwt_secret": "hunter2"},
        {"plivo_auth_token": ["hunter2"]},
        {"plivo_api_url": "https://id:hunter2@api.plivo.com"},
        {"jwt_jwks_url": "ftp://hunter2"},
        {"store_url": "hunter2"},
        {"jwt_secret": SecretStr("hunter2"), "port": 0},
        {"plivo_auth_token": SecretStr("hunter2"), "host": "0.0.0.0"},  # noqa: S104 - refused
    ],
    ids=",".join,
)
def test_a_refusal_never_tells_a_secret(overrides: dict[str, Any]) -> None:
    """Neither the refusal nor its traceback nor the settings' own text show a secret."""
    with pytest.raises(SettingsError) as caught:
        load_settings(**overrides)
    assert "hunter2" not in str(caught.value)
    shown = traceback.TracebackException.from_exception(caught.value)
    assert shown.__cause__ is None
    assert shown.__context__ is None
    assert "hunter2" not in repr(load_settings(plivo_auth_token="hunter2"))


# --- Refused combinations --------------------------------------------------------------------


def test_a_sound_deployment_starts() -> None:
    """The deployment that the refusals below start from is itself accepted, also with iam."""
    assert load_settings(**CLOUD).store == FirestoreUrl("clarion")
    assert load_settings(**CLOUD | {"invoker_auth": "iam", "invoker_audience": ""})


def test_private_hosts_are_allowed_on_this_machine_only() -> None:
    """On Cloud Run bots may not live on private addresses, whatever HOST says."""
    assert load_settings(**CLOUD).allow_private_hosts is False


def test_a_server_behind_a_proxy_keeps_users_off_its_own_network() -> None:
    """A loopback HOST that a PUBLIC_BASE_URL leads to allows private hosts only when told to."""
    server = {"public_base_url": "https://clarion.example", "auth_mode": "jwt"}
    assert not load_settings(**server, jwt_secret=SECRET).allow_private_hosts
    assert load_settings(**server, jwt_secret=SECRET, allow_private_hosts=True).allow_private_hosts


LAPTOP_JWT = {"auth_mode": "jwt", "jwt_secret": SECRET}
KEYS = {"jwt_secret": "", "jwt_jwks_url": "https://id.example/keys"}
NAMED = {"jwt_issuer": "https://id.example", "jwt_audience": "clarion"}
SMTP = {
    "email_provider": "smtp",
    "smtp_url": "smtps://user:password@mail.example",
    "signing_secret": "a secret of at least thirty-two bytes",
}
PLIVO = {"voice_provider": "plivo", "plivo_auth_id": "MA0", "plivo_auth_token": "t"}
TUNNEL = {"public_base_url": "https://tunnel.example"}
TASKS = {"queue_url": "cloudtasks://p/l/q"}
OPEN = "off lets anybody in, but"


def test_a_function_misses_only_the_secrets_that_it_uses() -> None:
    """A function that reads is deployed without the carrier's token, and one that sends is not."""
    without = CLOUD | {"plivo_auth_token": ""}
    assert load_settings("campaign_progress", **without)
    assert refusal(**without).startswith("PLIVO_AUTH_TOKEN: VOICE_PROVIDER=plivo needs it")
    assert load_settings("run_task", **CLOUD | {"jwt_secret": ""})


@pytest.mark.parametrize("own", [{"queue_url": "local://"}, {"sms_provider": "simulator"}])
def test_who_is_its_own_queue_or_carrier_does_all_work(own: dict[str, str]) -> None:
    """What a laptop's process enqueues it sends itself: it does not start without the token."""
    settings = PLIVO | TASKS | {"public_base_url": "http://127.0.0.1:1", "plivo_auth_token": ""}
    settings |= {"plivo_api_url": "http://127.0.0.1:1"}
    assert load_settings("campaign_progress", **settings)
    with pytest.raises(SettingsError, match="PLIVO_AUTH_TOKEN"):
        load_settings("campaign_progress", **settings | own)


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (CLOUD | {"auth_mode": "off"}, f"AUTH_MODE: {OPEN} K_SERVICE"),
        (CLOUD | {"invoker_auth": "off"}, f"INVOKER_AUTH: {OPEN} K_SERVICE"),
        ({"host": "192.0.2.1"}, f"AUTH_MODE: {OPEN} HOST=192.0.2.1"),
        ({"host": "::"} | LAPTOP_JWT, f"INVOKER_AUTH: {OPEN} HOST=::"),
        ({"store_url": "firestore://p"}, f"AUTH_MODE: {OPEN} STORE_URL"),
        ({"store_url": "firestore://p"} | LAPTOP_JWT, f"INVOKER_AUTH: {OPEN} STORE_URL"),
        (CLOUD | {"jwt_secret": ""}, "AUTH_MODE: jwt needs JWT_SECRET or JWT_JWKS_URL"),
        (CLOUD | NAMED | KEYS | {"jwt_secret": SECRET}, "AUTH_MODE: jwt needs JWT_SECRET or"),
        (CLOUD | KEYS | NAMED | {"jwt_issuer": ""}, "JWT_ISSUER: "),
        (CLOUD | KEYS | NAMED | {"jwt_audience": ""}, "JWT_AUDIENCE: "),
        (CLOUD | KEYS | NAMED | {"jwt_jwks_url": "http://id.example"}, "JWT_JWKS_URL: "),
        (CLOUD | {"invoker_service_account": ""}, "INVOKER_SERVICE_ACCOUNT: INVOKER_AUTH=oidc"),
        (CLOUD | {"invoker_audience": ""}, "INVOKER_AUDIENCE: "),
        (
            CLOUD | {"invoker_auth": "iam", "invoker_service_account": ""},
            "INVOKER_SERVICE_ACCOUNT: INVOKER_AUTH=iam",
        ),
        (CLOUD | {"invoker_auth": "iam", "k_service": ""}, "INVOKER_AUTH: iam trusts Cloud Run"),
        (CLOUD | {"voice_provider": "simulator"}, "VOICE_PROVIDER: simulator only pretends"),
        (CLOUD | {"plivo_auth_id": ""}, "PLIVO_AUTH_ID: VOICE_PROVIDER=plivo needs it"),
        (CLOUD | {"plivo_auth_token": ""}, "PLIVO_AUTH_TOKEN: VOICE_PROVIDER=plivo needs it"),
        (PLIVO, "PUBLIC_BASE_URL: plivo must reach us"),
        (PLIVO | {"public_base_url": "http://a.example"}, "PUBLIC_BASE_URL: plivo must reach us"),
        (PLIVO | TUNNEL | {"plivo_api_url": "http://api.plivo.com"}, "PLIVO_API_URL: "),
        (CLOUD | {"queue_url": "local://"}, "QUEUE_URL: a queue in a function's memory"),
        (CLOUD | {"store_url": "sqlite:///a.db"}, "STORE_URL: a file on a function's disk"),
        (TASKS | TUNNEL, "INVOKER_AUTH: off would let anybody post tasks"),
        (TUNNEL, "AUTH_MODE: off lets anybody in whom PUBLIC_BASE_URL leads here"),
        (PLIVO | TUNNEL, "AUTH_MODE: off lets anybody in whom PUBLIC_BASE_URL leads here"),
        (SMTP, "PUBLIC_BASE_URL: the links in mails lead to it"),
        (SMTP | {"public_base_url": "http://a.example"}, "PUBLIC_BASE_URL: the links in mails"),
        (
            SMTP | TUNNEL | LAPTOP_JWT | {"signing_secret": ""},
            "SIGNING_SECRET: EMAIL_PROVIDER=smtp needs it",
        ),
        (CLOUD | PLIVO | {"allow_private_hosts": True}, "ALLOW_PRIVATE_HOSTS: true would let"),
        (
            CLOUD | {"k_service": "", "host": "192.0.2.1", "allow_private_hosts": True},
            "ALLOW_PRIVATE_HOSTS: true would let",
        ),
        (
            CLOUD | {"public_base_url": "", "plivo_api_url": "http://127.0.0.1:1"},
            "PUBLIC_BASE_URL: Cloud Tasks must reach us",
        ),
    ],
)
def test_a_dangerous_combination_is_refused(overrides: dict[str, Any], sentence: str) -> None:
    """What would open a door or lose work is refused, with the setting to change."""
    assert refusal(**overrides).startswith(sentence)


@pytest.mark.parametrize(
    "overrides",
    [
        {"store_url": "firestore://p", "firestore_emulator_host": "127.0.0.1:8081"},
        {"host": "localhost"},
        LAPTOP_JWT,
        LAPTOP_JWT | KEYS | NAMED | {"jwt_jwks_url": "http://127.0.0.1:1/keys"},
        PLIVO | TUNNEL | LAPTOP_JWT,
        SMTP | TUNNEL | LAPTOP_JWT,
        SMTP | {"smtp_url": "smtp://localhost:1025"},
        PLIVO | {"plivo_api_url": "http://127.0.0.1:1"},
        TASKS,
        {"invoker_auth": "oidc", "invoker_service_account": "a@b", "invoker_audience": "c"},
    ],
)
def test_a_laptop_may_play_every_part(overrides: dict[str, Any]) -> None:
    """On loopback the cloud's parts can be tried out one by one."""
    assert load_settings(**overrides)
