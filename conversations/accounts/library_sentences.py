"""Messages of Django and allauth that this site's own catalogue translates.

Their translations mix two forms of address and two words for e-mail, or are missing. The project's
catalogue takes precedence over those of libraries, but `make messages` keeps in it only the
messages it finds in code: those listed in this module.
"""

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

FORMS = (
    _("This field is required."),
    _("This field cannot be blank."),
    _("Enter a valid email address."),
    _("Enter a valid date."),
    _("Select a valid choice. %(value)s is not one of the available choices."),
    _("Select a valid choice. That choice is not one of the available choices."),
    _("Ensure this value is less than or equal to %(limit_value)s."),
    _("Ensure this value is greater than or equal to %(limit_value)s."),
    _("You may edit it again below."),
    _("Model name"),
    _("Add link"),
    _("Change or view list link"),
)
ACCOUNTS = (
    _("first name"),
    _("last name"),
    _("A user with that username already exists."),
    _("The password is too similar to the %(verbose_name)s."),
    _("This password is too common."),
    _("This password is entirely numeric."),
    _("The username and/or password you specified are not correct."),
    _("The email address and/or password you specified are not correct."),
    _("This account is currently inactive."),
    _("Account Inactive"),
    _("This account is inactive."),
    _("Please type your current password."),
    _("Incorrect password."),
    _("You must type the same password each time."),
    _("The new value must be different from the current one."),
    _("A user is already registered with this email address."),
    _("This email address is already associated with this account."),
    _("The email address is not assigned to any user account."),
    _("You cannot add more than %d email addresses."),
    _("You cannot remove your primary email address (%(email)s)."),
    _("Your primary email address must be verified."),
    _("Be patient, you are sending too many requests."),
    _("Use your password"),
    _("Password successfully changed."),
    _("Password successfully set."),
    _("Confirmation email sent to %(email)s."),
    _("You have confirmed %(email)s."),
    _("Unable to confirm %(email)s because it is already confirmed by a different account."),
    _("Removed email address %(email)s."),
    _("Confirm Email Address"),
    _(
        'Please confirm that <a href="mailto:%(email)s">%(email)s</a> is an email address for user '
        "%(user_display)s."
    ),
    _(
        "This email confirmation link expired or is invalid. Please "
        '<a href="%(email_url)s">issue a new email confirmation request</a>.'
    ),
    _("Verify Your Email Address"),
    _(
        "We have sent an email to you for verification. Follow the link provided to finalize the "
        "signup process. If you do not see the verification email in your main inbox, check your "
        "spam folder. Please contact us if you do not receive the verification email within a few "
        "minutes."
    ),
)
MAIL = (
    _("Please Confirm Your Email Address"),
    _(
        "You're receiving this email because user %(user_display)s has given your email address "
        "to register an account on %(site_domain)s."
    ),
    _("To confirm this is correct, go to %(activate_url)s"),
    _(
        "You're receiving this email because you or someone else has requested a password reset "
        "for your user account.\n"
        "It can be safely ignored if you did not request a password reset. Click the link below "
        "to reset your password."
    ),
    _("In case you forgot, your username is %(username)s."),
    _("Account Already Exists"),
    _(
        "You are receiving this email because you or someone else tried to signup for an\n"
        "account using email address:\n\n"
        "%(email)s\n\n"
        "However, an account using that email address already exists.  In case you have\n"
        "forgotten about this, please use the password forgotten procedure to recover\n"
        "your account:\n\n"
        "%(password_reset_url)s"
    ),
    _(
        "You are receiving this email because you, or someone else, tried to access an account "
        "with email %(email)s. However, we do not have any record of such an account in our "
        "database."
    ),
    _("This mail can be safely ignored if you did not initiate this action."),
    _("If it was you, you can sign up for an account using the link below."),
)
WITH_A_NUMBER = (
    ngettext_lazy(
        "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
        "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
        "limit_value",
    ),
    ngettext_lazy(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
)
