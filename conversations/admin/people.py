"""People and models."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.utils.translation import gettext_lazy as _

from conversations.models import LanguageModel, Person


@admin.register(Person)
class PersonAdmin(UserAdmin):
    list_display = ["username", "email", "first_name", "last_name", "is_active", "last_login"]
    list_filter = ["is_active", "is_staff", "groups"]
    fieldsets = [
        *UserAdmin.fieldsets,
        (_("Chat"), {"fields": ["language", "theme"]}),
    ]


@admin.register(LanguageModel)
class LanguageModelAdmin(admin.ModelAdmin):
    list_display = ["name", "enabled", "context_window", "max_output_tokens"]
    list_editable = ["enabled"]
    list_filter = ["enabled", "groups"]
    search_fields = ["name"]
    filter_horizontal = ["groups"]
