"""Single sign-on: login by the organisation's identity provider, over OpenID Connect (OIDC),
through allauth's `openid_connect` provider. The rules are in docs/single-sign-on.md."""
