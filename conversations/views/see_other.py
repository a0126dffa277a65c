from django.http.response import HttpResponseRedirectBase


class SeeOther(HttpResponseRedirectBase):
    """303: what was posted is done; look here for the outcome."""

    status_code = 303
