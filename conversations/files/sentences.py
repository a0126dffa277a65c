"""Sentences for people about their files, in the active language: why a file was not accepted, and
how much of it a model reads."""

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.files.sizes import in_words
from conversations.items.container_file_references import MOST_FILES
from conversations.models import Attachment
from conversations.rendering.isolated_text import isolated


def refusal(code, name=""):
    """Return the sentence that says why the file called `name` ("": without a name) was not
    accepted, and what to do next.

    `code` is that of a FileRefused; an unknown one gets a general sentence. `name` has to be
    cleaned (`names.clean`).
    """
    sentence = _sentences().get(code) or _("It could not be read.")
    return f"{isolated(name)}: {sentence}" if name else sentence


def made_refusal(code):
    """Return the sentence that says why a file that a reply made could not be kept, and what to do
    next. `code` is that of a FileRefused; an unknown one gets a general sentence."""
    return {
        "broken": _("The picture that came is broken. Ask for it again."),
        "empty": _("What came is empty. Ask for it again."),
        "too_many": _("A reply keeps no more pictures than it has here. Ask for the others again."),
        "too_many_pixels": _("It has more than 50 megapixels. Ask for a smaller one."),
        "too_large": _("It is larger than this site keeps. Ask for a smaller one."),
        "too_large_file": _("It is larger than this site keeps. Ask for a smaller one."),
        "too_long": _("It takes too long to read. Ask for a smaller one."),
        "person_full": _(
            "There was no room for it: the files of a person may take %(most)s together. Delete "
            "conversations with files that you no longer need, also from the trash, and ask again."
        )
        % {"most": in_words(settings.FILES_PER_PERSON)},
        "site_full": _("This site had no room for it. Tell your administrator."),
        "disk_full": _("The server could not store it: its disk is full. Tell your administrator."),
        "not_stored": _(
            "The server could not store it: its file storage failed. Tell your administrator."
        ),
    }.get(code) or _("The server could not store it. Ask for it again.")


def kinds():
    """Return the sentence that lists the kinds of files that can be uploaded."""
    return _(
        "Taken are pictures (PNG, JPEG, WEBP, GIF), PDF, Word, Excel and PowerPoint files, and "
        "text of any kind."
    )


def limits():
    """Return the sentences that say how many files a message may have, how large each may be, and
    how much space all files of a person may take."""
    of_message = ngettext(
        "At most %(most)d file of %(size)s.",
        "At most %(most)d files of %(size)s each.",
        settings.FILES_PER_MESSAGE,
    ) % {"most": settings.FILES_PER_MESSAGE, "size": in_words(settings.MAX_FILE)}
    of_person = _("All your files together may take %(most)s.")
    return f"{of_message} {of_person % {'most': in_words(settings.FILES_PER_PERSON)}}"


def state(attachment):
    """Return the sentence that says why the file of `attachment` (an Attachment) cannot be used, or
    not yet: its virus check, or that it is still to be fetched from the gateway or is missing; ""
    if it can be used."""
    return {
        Attachment.State.SCANNING: _("It is being checked for viruses and can be sent then."),
        Attachment.State.SUSPICIOUS: _(
            "The check for viruses found it dangerous. It is neither sent nor shown: remove it."
        ),
        Attachment.State.TOO_LARGE_TO_SCAN: _(
            "It is too large to be checked for viruses, so it cannot be sent: remove it."
        ),
        Attachment.State.FETCHING: _(
            "It is being fetched from the gateway, and will be here in a moment."
        ),
        Attachment.State.MISSING: missing(attachment.fault),
    }.get(attachment.state, "")


def missing(fault):
    """Return the sentence that says why a file that a model's code made is not there. `fault` is
    the code in `Attachment.fault`, as of `container_files.miss`."""
    return {
        "not_served": _(
            "The gateway did not hand it out: it has no such file any more, or serves no files "
            "that code made."
        ),
        "invalid": _("The gateway named it in a way that cannot be asked for."),
        "too_many_files": _(
            "A reply keeps %(most)d files that code made. Neither this one nor those after it were "
            "fetched: ask for them again."
        )
        % {"most": MOST_FILES},
        "unreachable": _("The gateway could not be reached in time, and has deleted it by now."),
        "too_large_file": _("It is larger than %(most)s, so it was not fetched.")
        % {"most": in_words(settings.MAX_FILE)},
    }.get(fault) or made_refusal(fault)


def reading(attachment):
    """Return the sentence that says that a model reads nothing, or only a part, of the text of an
    Attachment; "" if it reads all of it, and for a picture."""
    if attachment.is_picture:
        return ""
    if attachment.has_no_text:
        return _("No text was found in it: it may have been scanned. A model gets no text of it.")
    if not attachment.is_cut:
        return ""
    if attachment.cut_after and attachment.pages:
        return _(
            "It is long: its text was read up to page %(page)d of %(pages)d, and a model gets it "
            "up to there."
        ) % {"page": attachment.cut_after, "pages": attachment.pages}
    return ngettext(
        "It is long: a model gets its first %(count)d character.",
        "It is long: a model gets its first %(count)d characters.",
        attachment.characters,
    ) % {"count": attachment.characters}


def pages_taken(scanned, count):
    """Return the sentence that says that only the first `count` pages of `scanned`, the Attachment
    of a scanned PDF, were added to the message as pictures."""
    sentence = _("%(name)s: its first %(count)d pages of %(pages)d are here as pictures.")
    return sentence % {"name": isolated(scanned.name), "count": count, "pages": scanned.pages}


def _sentences():
    """Return `{code: sentence}` for the codes of FileRefused."""
    return {
        "empty": _("It is empty."),
        "unknown": _("This kind of file is not taken.") + " " + kinds(),
        "archive": _("An archive is not taken. Unpack it, and add the files that matter."),
        "heic": _(
            "HEIC and AVIF pictures are not taken. Save it as JPEG or PNG, or add a screenshot of "
            "it. On an iPhone choose Settings, Camera, Formats, Most Compatible."
        ),
        "old_office": _(
            "It is in an old format of Office, or has a password. Save it anew as docx, xlsx or "
            "pptx, without a password."
        ),
        "encrypted": _("It has a password. Save it without one, and add it again."),
        "broken": _("It is broken and cannot be read. Save it anew, and add it again."),
        "too_many_pixels": _("The picture has more than 50 megapixels. Make it smaller first."),
        "too_much": _(
            "It has more pages or parts, or unpacks to more, than is read here. Add a part of it."
        ),
        "too_long": _("It takes too long to read. Add a part of it."),
        "too_large": _("It takes too much memory to read. Add a part of it."),
        "unreadable": _("It could not be read. Save it anew, and add it again."),
        "busy": _("The server could not read it now. Add it again in a minute."),
        "too_large_file": _("It is larger than %(most)s. Add a smaller one.")
        % {"most": in_words(settings.MAX_FILE)},
        "person_full": _(
            "Your files would take more than %(most)s together. Delete conversations with files "
            "that you no longer need, also from the trash."
        )
        % {"most": in_words(settings.FILES_PER_PERSON)},
        "site_full": _("This site has no room for more files. Tell your administrator."),
        "disk_full": _("The server could not store it: its disk is full. Tell your administrator."),
        "not_stored": _(
            "The server could not store it: its file storage failed. Tell your administrator."
        ),
        "too_many": ngettext(
            "A message takes at most %(most)d file. Send this one with another message.",
            "A message takes at most %(most)d files. Send this one with another message.",
            settings.FILES_PER_MESSAGE,
        )
        % {"most": settings.FILES_PER_MESSAGE},
        "no_pages": _("No pictures were found on its pages. Take screenshots of them."),
        "gone": _("A file is no longer there. Add it again."),
        "too_many_drafts": _(
            "You have added many files that you have not sent. Send or remove some of them first; "
            "those that are left go by themselves after a day."
        ),
        "account_gone": _("Your account was deleted meanwhile, so the file was not kept."),
        "conversation_gone": _("The conversation was deleted meanwhile, so the file was not kept."),
        "too_many_in_zip": _("There are more files in the zip than are taken at once."),
        "suspicious": _("The check for viruses found it dangerous."),
        "too_large_to_scan": _("It is too large to be checked for viruses."),
    }
