"""What signing in to the console needs is refused half-set."""

from typing import Any

import pytest

from functions.settings.load import SettingsError, load_settings
from tests.test_settings import CLOUD

LONG = "0123456789abcdef0123456789abcdef"
SIGN_IN = {
    **CLOUD,
    "console_url": "https://clarion.example/console",
    "session_secret": LONG,
}
OIDC = {
    **SIGN_IN,
    "oidc_issuer": "https://id.example/",
    "oidc_client_id": "clarion",
    "oidc_client_secret": "short is fine",
}


def refusal(target: str = "app", /, **settings: Any) -> str:
    """Return what is said against a configuration."""
    with pytest.raises(SettingsError) as caught:
        load_settings(target, _env_file=None, **settings)
    return str(caught.value)


def test_signing_in_is_set_up_in_steps() -> None:
    """Nothing, a secret alone, the console's URL with it, or all that a provider needs."""
    load_settings(_env_file=None, **CLOUD)
    load_settings(_env_file=None, **CLOUD, session_secret=LONG)
    load_settings(_env_file=None, **SIGN_IN)
    settings = load_settings(_env_file=None, **OIDC)
    assert settings.callback_url == "https://clarion.example/session/callback"
    assert settings.oidc_issuer == "https://id.example/", "as the provider writes itself"
    assert (settings.oidc_org_claim, settings.oidc_role_claim) == ("org", "role")


@pytest.mark.parametrize("name", ["oidc_issuer", "oidc_client_id", "oidc_client_secret"])
def test_a_provider_half_set_is_refused(name: str) -> None:
    """Whichever is missing is named."""
    assert f"{name.upper()}: signing in at an identity provider needs it" in refusal(
        **{**OIDC, name: ""}
    )


@pytest.mark.parametrize("name", ["console_url", "session_secret"])
def test_a_provider_needs_the_console_and_its_secret(name: str) -> None:
    """Where to send people back to, and what seals their sessions."""
    assert refusal(**{**OIDC, name: ""}).startswith(f"{name.upper()}: ")


@pytest.mark.parametrize(
    "secret",
    [
        "short",
        f"{LONG},short",
        f"short,{LONG}",
        f"{LONG},",
        f",{LONG}",
        f"{LONG},{LONG},{LONG}",
        " " * 40,
    ],
)
def test_a_short_session_secret_is_refused(secret: str) -> None:
    """Each of one or two has at least 32 bytes, and is not repeated to anybody."""
    said = refusal(**{**SIGN_IN, "session_secret": secret})
    assert said.startswith("SESSION_SECRET: must be one secret, or the new one and the old one")
    assert LONG not in said


def test_two_session_secrets_may_be_valid() -> None:
    """The first seals; blanks around them say nothing."""
    both = load_settings(_env_file=None, **{**SIGN_IN, "session_secret": f" {LONG} , {LONG[::-1]}"})
    assert both.session_secrets == [LONG, LONG[::-1]]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://clarion.example", "CONSOLE_URL: must be the URL of the console"),
        ("https://clarion.example/console?a=b", "CONSOLE_URL: must be http(s)://HOST"),
        ("clarion.example/console", "CONSOLE_URL: must be http(s)://HOST"),
        ("http://clarion.example/console", "CONSOLE_URL: browsers keep no session without TLS"),
    ],
)
def test_the_console_is_where_browsers_keep_sessions(url: str, sentence: str) -> None:
    """Over TLS or on this machine, at a path that ends as the console's does."""
    assert sentence in refusal(**{**SIGN_IN, "console_url": url})


def test_a_slash_at_its_end_says_nothing() -> None:
    """Nor does a path before it harm."""
    url = "https://clarion.example/api/console/"
    settings = load_settings(_env_file=None, **{**SIGN_IN, "console_url": url})
    assert settings.callback_url == "https://clarion.example/api/session/callback"


def test_a_provider_without_tls_is_refused() -> None:
    """What it says could be forged."""
    said = refusal(**{**OIDC, "oidc_issuer": "http://id.example"})
    assert "OIDC_ISSUER: what it says without TLS can be forged; use https" in said


@pytest.mark.parametrize("name", ["session_secret", "oidc_issuer"])
def test_nobody_signs_in_where_everybody_is_let_in(name: str) -> None:
    """With AUTH_MODE=off they would do nothing, and seem to protect."""
    said = refusal(**{name: OIDC[name]})
    assert f"{name.upper()}: AUTH_MODE=off lets in without signing in" in said


@pytest.mark.parametrize("target", ["create_campaign", "health", "campaign_progress", "run_task"])
def test_functions_without_a_console_need_none_of_its_secrets(target: str) -> None:
    """They start with the same settings, and without those two."""
    shared = {**OIDC, "session_secret": "", "oidc_client_secret": ""}
    load_settings(target, _env_file=None, **shared)
    assert "SESSION_SECRET" in refusal("api", **shared)
    assert "OIDC_CLIENT_SECRET" in refusal("api", **shared)
