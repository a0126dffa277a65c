"""Authentication backend: login by username or e-mail address, which takes the same time for known
and unknown accounts."""

from allauth.account.auth_backends import AuthenticationBackend


class Backend(AuthenticationBackend):
    """Authentication backend of allauth that hashes the password only once for each account.

    allauth tries what was typed as a username and as an address, and so would hash once more if the
    address is known: the time of the answer would tell who has an account. For an unknown name or
    address it hashes once, too.
    """

    def authenticate(self, request, **credentials):
        """Return the Person for `credentials` (username or e-mail address, and password); None if
        they are wrong."""
        self._checked = {}
        return super().authenticate(request, **credentials)

    def _check_password(self, user, password):
        """Return `user` (a Person, or None) if `password` is theirs and they may log in, else None.
        The result is remembered during one login, so that the password is hashed only once."""
        if user is None:
            return None
        if user.pk not in self._checked:
            self._checked[user.pk] = super()._check_password(user, password)
        return self._checked[user.pk]
