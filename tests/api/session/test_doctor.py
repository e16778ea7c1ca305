"""The doctor looks whether people can sign in to the console."""

from typing import Any

from functions.cli.doctor import Finding, examine
from tests.api.conftest import MakeRig
from tests.api.rig import Rig
from tests.api.session.browser import SIGN_IN
from tests.api.session.provider_server import OpenIdProvider


async def found(rig: Rig) -> Finding:
    """Return what the doctor says of signing in."""
    (finding,) = [each for each in await examine(rig.stack) if each.name == "sign-in"]
    return finding


async def test_it_says_how_one_signs_in(rig: Rig, jwt_rig: Rig, make_rig: MakeRig) -> None:
    """Not at all, not yet, or with a token: neither is a mistake."""
    said = [await found(each) for each in (rig, jwt_rig, make_rig(**SIGN_IN))]
    assert [each.remedy for each in said] == ["", "", ""]
    assert "need not sign in" in said[0].detail
    assert "SESSION_SECRET is not set" in said[1].detail
    assert "with a token or an API key" in said[2].detail


async def test_it_says_what_to_tell_the_provider(
    make_rig: MakeRig, oidc: dict[str, Any], provider: OpenIdProvider
) -> None:
    """Where it sends people back to has to be entered there, letter by letter."""
    said = await found(make_rig(**oidc))
    assert (said.remedy, provider.url in said.detail) == ("", True)
    assert "https://clarion.example/api/session/callback" in said.detail
    assert provider.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_it_notices_a_provider_that_is_another_or_away(
    make_rig: MakeRig, oidc: dict[str, Any], provider: OpenIdProvider
) -> None:
    """A slash too few is the usual mistake; keys that nobody can fetch are the other one."""
    provider.metadata = {"issuer": f"{provider.url}/"}
    wrong = await found(make_rig(**oidc))
    assert f"calls itself '{provider.url}/': write OIDC_ISSUER just so" in wrong.detail
    provider.metadata, provider.status = {}, {"/keys": 500}
    away = await found(make_rig(**oidc))
    assert "/keys" in away.detail
    assert "OIDC_ISSUER" in wrong.remedy == away.remedy
