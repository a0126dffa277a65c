"""URL configuration of the site: the app's, allauth's and the administration's pages."""

from django.contrib import admin
from django.urls import include, path, re_path

from conversations.views.errors import not_found
from conversations.views.setup_steps import change_step, setup_steps
from conversations.views.site_settings import site_settings

urlpatterns = [
    path("", include("conversations.urls")),
    # Of allauth only what the site offers: not its pages of several providers and sessions.
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("conversations.accounts.factor_urls")),
    # Not needed, and it would tell staff which conversations there are.
    re_path("^admin/r/", not_found),
    path("admin/settings/", admin.site.admin_view(site_settings), name="site_settings"),
    path("admin/setup/", admin.site.admin_view(setup_steps), name="setup_steps"),
    path("admin/setup/<str:name>/", admin.site.admin_view(change_step), name="setup_step"),
    path("admin/", admin.site.urls),
]

handler400 = "conversations.views.errors.bad_request"
handler403 = "conversations.views.errors.forbidden"
handler404 = "conversations.views.errors.not_found"
handler500 = "conversations.views.errors.server_error"
