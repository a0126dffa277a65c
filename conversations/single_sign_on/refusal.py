"""Exceptions of single sign-on: a refused login, with the sentence that people read."""


class SignInRefused(Exception):
    """Raised if a login by single sign-on is refused.

    `sentence` tells the person what happened and what to do next; `why` is text for the server's
    log only, without tokens or secrets; `status` is the HTTP status of the error page.
    """

    def __init__(self, sentence, why, status=403):
        super().__init__(why)
        self.sentence = sentence
        self.why = why
        self.status = status


class ProviderFailed(SignInRefused):
    """Raised if the identity provider cannot be reached, or does not answer as OpenID Connect
    requires; HTTP status 502."""

    def __init__(self, sentence, why):
        super().__init__(sentence, why, status=502)
