"""How accounts are made: allauth asks here whether a stranger may sign up, and a new person gets
a link to set the password."""

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.utils import translation


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        return settings.SIGNUP == "open"


def send_password_link(request, person):
    """Send `person` an e-mail with a link to set the password, in the person's language.

    The link is that of a password reset: it holds as long, and only once. Raises what the mail
    server raises.
    """
    adapter = get_adapter(request)
    key = f"{user_pk_to_url_str(person)}-{default_token_generator.make_token(person)}"
    context = {
        "person": person,
        "url": adapter.get_reset_password_from_key_url(key),
        "site_name": settings.SITE_NAME,
    }
    with translation.override(person.language or translation.get_language()):
        adapter.send_mail("account/email/set_password", person.email, context)
