"""Single sign-on: login by an identity provider that speaks OpenID Connect (OIDC), through
allauth's `openid_connect` provider. The rules are in docs/single-sign-on.md."""
