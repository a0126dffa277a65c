"""An empty list of URL patterns: allauth looks for the provider's patterns in this module, but they
are in conversations/urls.py."""

urlpatterns = []
