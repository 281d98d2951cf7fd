"""Signing in with the federation's own identity provider: OpenID Connect, code flow with PKCE.

Optional: UNION_REPORTS_OIDC_ISSUER, _CLIENT_ID, _CLIENT_SECRET, and _NAME (what people call it),
_REDIRECT (the address of /single-sign-on/back as browsers reach it).
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.integrations.base_client.errors import OAuthError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

PREFIX = "UNION_REPORTS_OIDC_"
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
TIMEOUT = 10.0
KEPT = 3600.0
"""Seconds for which the provider's addresses are believed; its keys are fetched for each token."""


class SignOnFailed(Exception):
    """The provider did not vouch for anybody; the text is for the log, never for the page."""


@dataclass(frozen=True, slots=True)
class Claim:
    """For whom the provider vouches; `email` only if it says that the address is verified."""

    issuer: str
    subject: str
    email: str


@dataclass(frozen=True, slots=True)
class Began:
    """What the browser keeps, signed, until it comes back."""

    state: str
    nonce: str
    verifier: str


@dataclass
class Provider:
    """One identity provider; its addresses come from its discovery document."""

    issuer: str
    client_id: str
    client_secret: str
    name: str = "统一身份认证"
    redirect: str = ""
    _found: dict[str, Any] = field(default_factory=dict)
    _found_at: float = 0.0

    def begin(self, redirect: str) -> tuple[str, Began]:
        """Where to send the browser, and what it has to bring back."""
        began = Began(*(secrets.token_urlsafe(32) for _ in range(3)))
        with self._client(redirect) as client:
            address, _ = client.create_authorization_url(
                self._endpoint("authorization_endpoint"),
                state=began.state, nonce=began.nonce, code_verifier=began.verifier,
            )  # fmt: skip
        return str(address), began

    def finish(self, redirect: str, began: Began, code: str) -> Claim:
        """Exchange a code and check the token for whom it vouches; SignOnFailed otherwise."""
        try:
            with self._client(redirect) as client:
                token = client.fetch_token(
                    self._endpoint("token_endpoint"), code=code, code_verifier=began.verifier
                )
            keys = KeySet.import_key_set(self._get(self._endpoint("jwks_uri")))
            claims = jwt.decode(str(token["id_token"]), keys, algorithms=ALGORITHMS).claims
        except (OAuthError, JoseError, httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            raise SignOnFailed(type(error).__name__) from error
        self._check(claims, began.nonce)
        verified = claims.get("email_verified") is True
        email = str(claims.get("email", "")).strip().lower() if verified else ""
        return Claim(self.issuer, str(claims["sub"]), email)

    def _check(self, claims: Mapping[str, Any], nonce: str) -> None:
        """What OpenID Connect Core 3.1.3.7 asks; times are the provider's, so the real clock's."""
        audience = claims.get("aud")
        several = audience if isinstance(audience, list) else [audience]
        now = time.time()
        try:
            right = (
                claims.get("iss") == self.issuer
                and self.client_id in several
                and (len(several) == 1 or claims.get("azp") == self.client_id)
                and secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode())
                and float(claims["exp"]) > now
                and float(claims["iat"]) < now + 60
                and bool(str(claims["sub"]))
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SignOnFailed("claims") from error
        if not right:
            raise SignOnFailed("claims")

    def _client(self, redirect: str) -> OAuth2Client:
        return OAuth2Client(
            self.client_id, self.client_secret, scope="openid email",
            redirect_uri=self.redirect or redirect, code_challenge_method="S256", timeout=TIMEOUT,
        )  # fmt: skip

    def _endpoint(self, name: str) -> str:
        if not self._found or time.monotonic() - self._found_at > KEPT:
            try:
                found = self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            except (httpx.HTTPError, ValueError) as error:
                raise SignOnFailed(type(error).__name__) from error
            if found.get("issuer") != self.issuer:
                raise SignOnFailed("issuer")
            self._found, self._found_at = found, time.monotonic()
        address = str(self._found.get(name, ""))
        _refuse_plain(address)
        return address

    def _get(self, address: str) -> Any:
        _refuse_plain(address)
        answer = httpx.get(address, timeout=TIMEOUT, follow_redirects=False)
        answer.raise_for_status()
        return answer.json()


def _refuse_plain(address: str) -> None:
    """Only HTTPS, but for a provider on this machine."""
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise SignOnFailed("not https")


def from_environment(environment: Mapping[str, str] | None = None) -> Provider | None:
    """The provider that the environment names; None where there is none.

    LookupError names what is missing: half a setting would leave a door nobody meant to open.
    """
    given = os.environ if environment is None else environment
    needed = ("ISSUER", "CLIENT_ID", "CLIENT_SECRET")
    values = {name: given.get(PREFIX + name, "").strip() for name in (*needed, "NAME", "REDIRECT")}
    if not any(values[name] for name in needed):
        return None
    missing = [PREFIX + name for name in needed if not values[name]]
    if missing:
        raise LookupError(f"统一身份认证没有设全，还缺：{'、'.join(missing)}")
    return Provider(
        values["ISSUER"], values["CLIENT_ID"], values["CLIENT_SECRET"],
        values["NAME"] or Provider.name, values["REDIRECT"],
    )  # fmt: skip
