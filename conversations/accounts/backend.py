"""The authentication backend: logins by name or e-mail address, each at the cost of one hash."""

from allauth.account.auth_backends import AuthenticationBackend


class Backend(AuthenticationBackend):
    """allauth's, but it hashes a password once for each account that was meant.

    allauth tries what was typed as a name and as an address, and so hashed once more where the
    address is known than where it is not: the time of the answer told who has an account. For an
    unknown name or address it hashes once, too.
    """

    def authenticate(self, request, **credentials):
        self._checked = {}
        return super().authenticate(request, **credentials)

    def _check_password(self, user, password):
        if user is None:
            return None
        if user.pk not in self._checked:
            self._checked[user.pk] = super()._check_password(user, password)
        return self._checked[user.pk]
