"""What the provider says about itself: where everything is, and its public keys."""

from __future__ import annotations

from bp_identity.adapters.oauth.client import CODE, CREDENTIALS, DEVICE, EXCHANGE, REFRESH, SCOPES, SECRET_METHODS
from bp_identity.adapters.oauth.web import Answer, answer_json
from bp_kit.language import LANGUAGES
from bp_kit.proofs import PROOF_ALGORITHMS
from bp_kit.tokens import ALGORITHM

_OK = 200
_CLIENT_METHODS = ["none", *SECRET_METHODS]
_PUBLIC = (("cache-control", "public, max-age=300"), ("access-control-allow-origin", "*"))


def discovery(issuer: str) -> Answer:
    """Answers with the provider's metadata (OpenID Connect Discovery 1.0, RFC 8414)."""
    content = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth2/authorize",
        "token_endpoint": f"{issuer}/oauth2/token",
        "revocation_endpoint": f"{issuer}/oauth2/revoke",
        "introspection_endpoint": f"{issuer}/oauth2/introspect",
        "device_authorization_endpoint": f"{issuer}/oauth2/device_authorization",
        "end_session_endpoint": f"{issuer}/oauth2/logout",
        "userinfo_endpoint": f"{issuer}/oauth2/userinfo",
        "jwks_uri": f"{issuer}/oauth2/jwks.json",
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [CODE, REFRESH, CREDENTIALS, DEVICE, EXCHANGE],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": _CLIENT_METHODS,
        "revocation_endpoint_auth_methods_supported": _CLIENT_METHODS,
        "introspection_endpoint_auth_methods_supported": SECRET_METHODS,
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": PROOF_ALGORITHMS,
        "authorization_response_iss_parameter_supported": True,
        "claims_supported": ["sub", "name", "given_name", "family_name", "email", "locale", "auth_time", "amr", "sid"],
        "ui_locales_supported": LANGUAGES,
        "prompt_values_supported": ["none", "login"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_parameter_supported": False,
    }
    return answer_json(_OK, content, _PUBLIC)


def jwks(keys: bytes) -> Answer:
    """Answers with the public keys (RFC 7517)."""
    return Answer(_OK, (("content-type", "application/jwk-set+json"), *_PUBLIC), keys)
