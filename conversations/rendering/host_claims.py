"""Detection of host names that a reader could see in the text of a link, in whatever letters they
are written.

A false positive merely shows the true host beside the link; a false negative lets a text pass
itself off as another site.
"""

import re
import unicodedata

# Drawn as nothing: format characters, fillers, variation selectors (Unicode's property
# Default_Ignorable_Code_Point) and the blank Braille cell; and marks over or under a letter.
_FILLERS = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_INVISIBLE_CATEGORIES = ("Cf", "Mn", "Me", "Cc", "Cn", "Co")
# Spaces so thin that two words on both sides read as one.
_THIN_SPACES = "\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
# Controls that change the order in which letters are drawn.
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")

# What is drawn like "." "/" or ":" and not made it by NFKC; Unicode Technical Standard 39,
# confusables.txt. Browsers themselves take the ideographic full stops for dots.
_LIKE = {
    ".": "\u06d4\u0701\u0702\u1803\u3002\uff61\ua4f8\ua60e\U0001d16d\U00010a50",
    "/": "\u1735\u2041\u2044\u2215\u2571\u27cb\u29f8\u29f6\u2cc6\u3033\u31d3\U0001d23a",
    ":": "\u02d0\u02f8\u0589\u05c3\u0703\u0704\u16ec\u1809\u205a\u2236\ua4fd\ua789",
}
_FOLDED = {ord(each): mark for mark, those in _LIKE.items() for each in those}
# Dots at half height, and Arabic digits that are drawn as dots: punctuation and figures of their
# own languages, so they count only where letters of another script follow.
_HALF_HEIGHT = re.compile(
    "(?<=\\w)[\u00b7\u0387\u0660\u06f0\u1427\u2022\u2027\u2219\u22c5\u30fb\u318d\ua78f\U00010101]"
    "(?=[a-z\u00df-\u052f\u13a0-\u13ff\ua4d0-\ua4f7])"
)

_WORD = re.compile(r"[\w.-]+")
_AFTER_SCHEME = re.compile(r"[a-z]:/+(?:[^/?#\s@]*@)?(\[[0-9a-f:.]*\]|\w[\w.-]*)")
_IPV6 = re.compile(r"\[?((?:[0-9a-f]{0,4}:){2,7}[0-9a-f.]*)\]?")


def visible(text: str) -> str:
    """Return `text` as a reader sees it: in lower case, without characters that are drawn as
    nothing, and with look-alikes of ".", "/" and ":" replaced by these."""
    kept = "".join(
        each
        for each in unicodedata.normalize("NFKC", text)
        if each in " \t\n\r"
        or (each not in _FILLERS and unicodedata.category(each) not in _INVISIBLE_CATEGORIES)
    )
    return _HALF_HEIGHT.sub(".", kept.translate(_FOLDED).lower())


def pretends(text: str, target: str) -> bool:
    """Return True if a reader could take a word of `text`, that of a link, for a host other than
    `target`, where the link leads: a host in ASCII, an IPv6 address in brackets or a mail address.
    True for any text with controls that turn the order of letters around (as U+202E)."""
    if _BIDI_CONTROLS.search(text):
        return True
    own = _bare(target.rpartition("@")[2])
    plain = visible(text.translate(dict.fromkeys(map(ord, _THIN_SPACES))))
    in_path = _is_at(own, plain)
    return any(
        # A file's name in the path of its true host is no claim of another one.
        _bare(claim) != own and (not in_path or own.startswith(claim))
        for claim in _claims(plain)
    )


def _claims(plain: str):
    """Yield the words of the text `plain`, a result of `visible`, that a reader could take for host
    names or addresses."""
    for match in _AFTER_SCHEME.finditer(plain):
        yield match[1]
    for match in _IPV6.finditer(plain):
        if "::" in match[1] or match[1].count(":") == 7:
            yield f"[{match[1]}]"
    for word in _WORD.findall(plain):
        word = word.strip(".-_")
        labels = word.split(".")
        if len(labels) > 1 and (_is_domain(labels) or _is_ipv4(labels)):
            yield word


def _is_domain(labels: list[str]) -> bool:
    """Return True if the last of `labels`, the parts of a word between its dots, could be a
    top-level domain, in any script, also with 0 for o ("c0m").

    False for a number that ends in letters: "3.11rc1".
    """
    *others, last = labels
    if len(last) < 2 or not any(each.isalpha() for each in last):
        return False
    return last[0].isalpha() or any(each.isalpha() for label in others for each in label)


def _is_ipv4(labels: list[str]) -> bool:
    """Return True if the parts of a word between its dots read as an IPv4 address."""
    return len(labels) == 4 and all(label.isdigit() and len(label) <= 4 for label in labels)


def _bare(host: str) -> str:
    """Return the host without "www." before and dots after it."""
    return host.rstrip(".").removeprefix("www.")


def _is_at(own: str, text: str) -> bool:
    """Return True if `text` is an address with a path at the host `own` (without "www."), and
    nothing else; the scheme may be missing."""
    if re.search(r"\s", text):
        return False
    rest = text.removeprefix("https://").removeprefix("http://").removeprefix("www.")
    return rest.startswith(own + "/")
