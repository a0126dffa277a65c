"""The exceptions of single sign-on: a login that is refused, with the sentence people read."""


class SignInRefused(Exception):
    """A login by single sign-on that is not carried out.

    `sentence` says to the person what happened and what to do next; `why` is for the server's log
    only, without tokens or secrets. `status` is that of the HTTP answer.
    """

    def __init__(self, sentence, why, status=403):
        super().__init__(why)
        self.sentence = sentence
        self.why = why
        self.status = status


class ProviderFailed(SignInRefused):
    """The identity provider cannot be reached, or answers with something else than OIDC."""

    def __init__(self, sentence, why):
        super().__init__(sentence, why, status=502)
