"""The provider's URL patterns, looked for here by allauth: none, since conversations/urls.py has
them."""

urlpatterns = []
