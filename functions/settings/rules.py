"""What settings must not be together: a deployment that could be misused refuses to start.

Each sentence opens with the name of the setting to change.
"""

from collections.abc import Callable, Iterator, Sequence

from functions.settings.model import Settings
from functions.settings.providers import Provider, Use, alternatives
from functions.settings.urls import (
    FirestoreUrl,
    LocalQueueUrl,
    SqliteUrl,
    is_loopback,
    is_loopback_url,
    is_public_url,
    is_safe_url,
    parse_smtp,
)


def refusals(settings: Settings, uses: frozenset[Use]) -> list[str]:
    """Return what is wrong with these settings together, a sentence each, none twice.

    Secrets are missed only by `uses` that take them.
    """
    sentences = [sentence for rule in _RULES for sentence in rule(settings)]
    return list(dict.fromkeys((*sentences, *_secrets(settings, uses))))


def _secrets(settings: Settings, uses: frozenset[Use]) -> Iterator[str]:
    one_key = bool(settings.jwt_secret) != bool(settings.jwt_jwks_url)
    if settings.auth_mode == "jwt" and Use.CALLERS in uses and not one_key:
        yield "AUTH_MODE: jwt needs JWT_SECRET or JWT_JWKS_URL; set exactly one of them"
    if Use.SIGNS_IN in uses:
        yield from _console_secrets(settings)
    for provider in settings.providers:
        yield from _missing(settings, provider, provider.secrets_for(uses))


def _console_secrets(settings: Settings) -> Iterator[str]:
    if settings.console_url and settings.auth_mode != "off" and not settings.session_secret:
        yield "SESSION_SECRET: CONSOLE_URL leads people to sign in, which needs it"
    if settings.oidc_issuer and not settings.oidc_client_secret:
        yield "OIDC_CLIENT_SECRET: signing in at an identity provider needs it"


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


def _back_door(settings: Settings) -> Iterator[str]:
    # Not every proxy says that it hands on (nginx does not), and then a stranger passes for local.
    is_led_here = not is_loopback_url(settings.public_base_url)
    if settings.auth_mode == "off" and is_led_here and not _why_not_open(settings):
        yield "AUTH_MODE: off lets anybody in whom PUBLIC_BASE_URL leads here; set AUTH_MODE=jwt"


def _users(settings: Settings) -> Iterator[str]:
    if settings.auth_mode != "jwt" or not settings.jwt_jwks_url:
        return
    if not is_safe_url(settings.jwt_jwks_url):
        yield "JWT_JWKS_URL: keys fetched without TLS can be forged; use https"
    for name in ("JWT_ISSUER", "JWT_AUDIENCE"):
        if not getattr(settings, name.lower()):
            yield f"{name}: JWT_JWKS_URL serves tokens for others too; set {name} to ours"


def _console(settings: Settings) -> Iterator[str]:
    if settings.console_url and not is_safe_url(settings.console_url):
        yield "CONSOLE_URL: browsers keep no session without TLS; use https"
    if settings.oidc_issuer and not is_safe_url(settings.oidc_issuer):
        yield "OIDC_ISSUER: what it says without TLS can be forged; use https"
    for name in ("SESSION_SECRET", "OIDC_ISSUER"):
        if getattr(settings, name.lower()) and settings.auth_mode == "off":
            yield f"{name}: AUTH_MODE=off lets in without signing in; set AUTH_MODE=jwt"
    if settings.oidc_issuer or settings.oidc_client_id or settings.oidc_client_secret:
        for name in ("OIDC_ISSUER", "OIDC_CLIENT_ID", "CONSOLE_URL"):
            if not getattr(settings, name.lower()):
                yield f"{name}: signing in at an identity provider needs it"


def _invoker(settings: Settings) -> Iterator[str]:
    mode = settings.invoker_auth
    if mode == "iam" and not settings.k_service:
        yield "INVOKER_AUTH: iam trusts Cloud Run's check and this is not Cloud Run; set it to oidc"
    if mode != "off" and not settings.invoker_service_account:
        yield f"INVOKER_SERVICE_ACCOUNT: INVOKER_AUTH={mode} admits one account; name it"
    if mode == "oidc" and not settings.invoker_audience:
        yield "INVOKER_AUDIENCE: INVOKER_AUTH=oidc needs to know it; set it to our URL"


def _pretenders(settings: Settings) -> Iterator[str]:
    for provider in settings.providers:
        if settings.k_service and provider.pretends_to:
            remedy = alternatives(provider.kind, without=provider.choice)
            pretence = f"{provider.choice} only pretends to {provider.pretends_to}"
            yield f"{provider.setting}: {pretence}; set it to {remedy}"


def _somebody_sends(settings: Settings) -> Iterator[str]:
    if not settings.providers:
        yield "VOICE_PROVIDER: none, as for every other kind, so nothing could be sent; choose one"


def _providers(settings: Settings) -> Iterator[str]:
    for provider in settings.providers:
        if provider.account:
            yield from _missing(settings, provider, [provider.account])
        if provider.api_url:
            yield from _unreachable(settings, provider)


def _missing(settings: Settings, provider: Provider, needed: Sequence[str]) -> Iterator[str]:
    for name in needed:
        if not getattr(settings, name.lower()):
            yield f"{name}: {provider.setting}={provider.choice} needs it"


def _mails(settings: Settings) -> Iterator[str]:
    # A link to unsubscribe that leads nowhere is worse than none; and RFC 8058 wants https.
    if settings.email_provider != "smtp" or not settings.smtp_url:
        return
    host = parse_smtp(settings.smtp_url.get_secret_value()).host
    if not is_loopback(host) and not is_public_url(settings.public_base_url):
        yield "PUBLIC_BASE_URL: the links in mails lead to it; set it to a public https URL"


def _unreachable(settings: Settings, provider: Provider) -> Iterator[str]:
    url = getattr(settings, provider.api_url.lower())
    if not is_safe_url(url):
        yield f"{provider.api_url}: the token must not travel without TLS; use https"
    if not is_loopback_url(url) and not is_public_url(settings.public_base_url):
        yield f"PUBLIC_BASE_URL: {provider.choice} must reach us; set it to a public https URL"


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


_RULES: tuple[Callable[[Settings], Iterator[str]], ...] = (
    _open_doors,
    _users,
    _console,
    _invoker,
    _pretenders,
    _somebody_sends,
    _providers,
    _mails,
    _queue,
    _cloud_run,
    _private_hosts,
    _back_door,
)
