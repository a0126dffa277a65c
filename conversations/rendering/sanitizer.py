"""Sanitiser of a block's HTML (nh3): allow-lists of elements, attributes, classes and schemes."""

import nh3

from .code_box import CLASSES
from .mathml_cleaning import CLASSES as MATH_CLASSES
from .mathml_cleaning import ELEMENTS as MATH_TAGS

MATH_ATTRIBUTES = set(
    "display displaystyle scriptlevel mathvariant stretchy symmetric largeop movablelimits form"
    " fence separator lspace rspace minsize maxsize accent accentunder linethickness columnspan"
    " rowspan width height depth voffset".split()
)
TAGS = set(
    "p br hr h3 h4 h5 h6 strong em del code pre blockquote ul ol li table thead tbody tr th td"
    " a span div sub sup kbd details summary".split()
)

_cleaner = nh3.Cleaner(
    tags=TAGS | MATH_TAGS,
    attributes=dict.fromkeys(MATH_TAGS, MATH_ATTRIBUTES)
    | {"a": {"href"}, "ol": {"start"}, "details": {"open"}},
    tag_attribute_values={"div": {"tabindex": {"0"}}, "pre": {"tabindex": {"0"}}},
    set_tag_attribute_values={"a": {"target": "_blank"}},
    allowed_classes={
        "a": {"image", "reference"},
        "code": {"formula"},
        "div": {"code", "code__bar", "table-scroll"},
        "pre": {"plain"},
        "span": {"host", "task", *filter(None, CLASSES.values())},
        "td": {"left", "right", "center"},
        "th": {"left", "right", "center"},
        **MATH_CLASSES,
    },
    clean_content_tags={"script", "style"},
    link_rel="noopener noreferrer nofollow",
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
)

# Returns the HTML it is given, without all elements and attributes that are not allowed.
clean = _cleaner.clean
