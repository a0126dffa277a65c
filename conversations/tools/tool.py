"""The gateway's own tools as a model's row lists them: read, and checked, from JSON.

The value of `LanguageModel.tools` is a list. Each entry is a tool as the gateway takes it
(`{"type": "web_search"}`), or an object with such a tool and what this site adds to it:
`{"name", "label", "tool", "include", "groups", "default"}`. docs/tools.md describes both.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from conversations.rendering.isolated_text import isolated
from conversations.tools import mcp
from conversations.tools.kind import IMAGE_GENERATION, kind_of, label_of

MOST_TOOLS = 50  # of one model
LONGEST_NAME = 64
LONGEST_LABEL = 60
LONGEST_JSON = 20_000  # characters of one tool
DEEPEST = 20  # levels of lists and objects within each other
# Tools that the caller has to run, which this site does not: a reply would end with the question.
RUN_BY_CALLER = ("function", "custom", "namespace", "local_shell", "apply_patch")
# What this site adds to a tool, beside which the tool itself stands as "tool".
ADDED = ("name", "label", "include", "groups", "default")

_NAME = re.compile(rf"[A-Za-z0-9_:-]{{1,{LONGEST_NAME}}}")
_INCLUDE = re.compile(r"[A-Za-z0-9_.\[\]*-]{1,200}")
# What no JSON of PostgreSQL may have, as it stands in JSON: NUL, and halves of surrogate pairs.
_UNSTORABLE = re.compile("\\\\u0000|[\0\ud800-\udfff]")


class Fault(Exception):
    """Error raised for an entry that is no tool; the message is a sentence in the active
    language."""


@dataclass(frozen=True, slots=True)
class Tool:
    """Tool that the gateway runs itself, as a model offers it.

    `name` is its name in forms, unique among the tools of its model, and `label` what people read
    (text, or lazy text of this site). `json` is the tool as it is sent. `include` are the values
    that the request's `include` has for it, `groups` the names of the groups whose members may use
    it (none: everybody), `default` says whether it is on until a person chooses.
    """

    name: str
    label: Any
    json: dict = field(hash=False)
    include: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    default: bool = False

    @property
    def type(self):
        """Return the type of the tool in the request, such as "web_search"."""
        return self.json["type"]

    @property
    def kind(self):
        """Return the kind of the tool, such as "web_search" for "openrouter:web_search"."""
        return kind_of(self.type)


def read(value):
    """Return the Tools in `value`, the JSON of `LanguageModel.tools`, as a tuple. What is wrong in
    it is left out, never raised: `faults` says it."""
    return _read(value)[0]


def faults(value):
    """Return a list of sentences in the active language, one for each mistake in `value`, the JSON
    of `LanguageModel.tools`; [] if all of it can be used."""
    return _read(value)[1]


def _read(value):
    """Return `(tuple of Tools, list of sentences about what is wrong)` for the JSON `value`."""
    if value is None:
        return (), []
    if not isinstance(value, list):
        return (), [_('Write a list of tools, in square brackets: [{"type": "web_search"}].')]
    found, wrong = [], []
    for number, entry in enumerate(value[:MOST_TOOLS], 1):
        try:
            tool = _tool_of(entry)
            if any(tool.name == other.name for other in found):
                raise Fault(
                    _("Another tool has this name already. Give one of them a “name” of its own.")
                )
            found.append(tool)
        except Fault as fault:
            wrong.append(f"{_place(number, entry)}{fault}")
    if len(value) > MOST_TOOLS:
        wrong.append(_("There may be at most %(most)s tools.") % {"most": MOST_TOOLS})
    return tuple(found), wrong


def _place(number, entry):
    """Return the beginning of a sentence about the mistake in `entry`, such as "Tool 2 (search): ":
    with its `number` in the list, from 1, and its name or type, if it has any."""
    entry = entry if isinstance(entry, dict) else {}
    name = entry.get("name") or entry.get("type")
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        return _("Tool %(number)s: ") % {"number": number}
    return _("Tool %(number)s (%(name)s): ") % {"number": number, "name": isolated(name)}


def _tool_of(entry):
    """Return the Tool that `entry`, an entry of the list `LanguageModel.tools`, describes. Raise
    Fault if it describes none."""
    if not isinstance(entry, dict):
        raise Fault(_('It must be an object, such as {"type": "web_search"}.'))
    if "tool" not in entry:
        return _bare(entry)
    unknown = sorted(set(entry) - {"tool", *ADDED})
    if unknown:
        raise Fault(
            _("“%(key)s” is not known beside “tool”; known are %(known)s.")
            % {"key": isolated(unknown[0][:LONGEST_NAME]), "known": ", ".join(ADDED)}
        )
    _check_json(entry["tool"])
    return Tool(
        name=_name(entry.get("name", entry["tool"]["type"])),
        label=_label(entry.get("label"), entry["tool"]["type"]),
        json=entry["tool"],
        include=_texts(entry, "include", _INCLUDE),
        groups=_texts(entry, "groups"),
        default=_flag(entry, "default"),
    )


def _bare(entry):
    """Return the Tool for `entry`, a dict that is itself the JSON sent to the gateway, such as
    `{"type": "web_search"}`. Raise Fault if it has a key of ADDED, which belongs beside "tool", or
    if it cannot be offered as a tool."""
    added = [key for key in ADDED if key in entry]
    if added:
        raise Fault(
            _(
                "“%(key)s” is not sent to the gateway, so it stands beside the tool: "
                '{"%(key)s": …, "tool": {"type": …}}.'
            )
            % {"key": added[0]}
        )
    _check_json(entry)
    return Tool(_name(entry["type"]), label_of(entry["type"]), entry)


def _check_json(tool):
    """Raise Fault if `tool` (JSON) is no tool that the gateway runs."""
    if not isinstance(tool, dict):
        raise Fault(_('“tool” must be an object, such as {"type": "web_search"}.'))
    kind = tool.get("type")
    if not isinstance(kind, str) or not kind.strip() or len(kind) > LONGEST_NAME:
        raise Fault(_('It needs a “type” as the gateway calls it, such as "web_search".'))
    if kind in RUN_BY_CALLER:
        raise Fault(
            _(
                "“%(type)s” is run by whoever calls the gateway. This site offers only tools that "
                "the gateway runs itself."
            )
            % {"type": kind}
        )
    _check_storable(tool)
    if kind_of(kind) == IMAGE_GENERATION and tool.get("partial_images"):
        raise Fault(_("“partial_images” must be 0: unfinished pictures are not shown."))
    if kind == mcp.TYPE and (sentence := mcp.fault_of(tool)):
        raise Fault(sentence)


def _check_storable(tool):
    """Raise Fault if `tool` (a dict) is too long, or is no JSON that every database stores."""
    if is_too_deep(tool):
        raise Fault(_("It is nested too deeply."))
    try:
        text = json.dumps(tool, allow_nan=False, ensure_ascii=False)
    except (ValueError, TypeError):
        raise Fault(_("It has a number that cannot be stored.")) from None
    if len(text) > LONGEST_JSON:
        raise Fault(_("It is longer than %(most)s characters.") % {"most": LONGEST_JSON})
    if _UNSTORABLE.search(text):
        raise Fault(_("It has a character that cannot be stored."))


def is_too_deep(value):
    """Return True if `value`, from JSON, has lists and objects within each other on more than
    DEEPEST levels."""
    level = [value]
    for _number in range(DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return any(isinstance(each, dict | list) for each in level)


def _name(name):
    """Return `name` if it can be a tool's name; else raise Fault."""
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    raise Fault(
        _(
            "Its “name” must be of letters without accents, digits, “_”, “-” and “:”, at most "
            "%(most)s."
        )
        % {"most": LONGEST_NAME}
    )


def _label(label, type_name):
    """Return `label` in one line; for None, the label of the tool's type `type_name`. Raise Fault
    if it is no text of 1 to LONGEST_LABEL characters."""
    if label is None:
        return label_of(type_name)
    text = " ".join(label.split()) if isinstance(label, str) else ""
    if not text or len(text) > LONGEST_LABEL or _UNSTORABLE.search(text):
        raise Fault(
            _("Its “label” must be a text of 1 to %(most)s characters.") % {"most": LONGEST_LABEL}
        )
    return text


def _texts(entry, key, form=None):
    """Return the list of texts `entry[key]` as a tuple without repetitions, () if there is none.
    Raise Fault if it is something else, or if a text does not match `form` (a compiled pattern;
    None: any text that is not blank)."""
    texts = entry.get(key, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Fault(_('Its “%(key)s” must be a list of texts: ["…"].') % {"key": key})
    for text in texts:
        if not (form.fullmatch(text) if form else text.strip()):
            raise Fault(_("Its “%(key)s” has a text that cannot be used.") % {"key": key})
    return tuple(dict.fromkeys(texts))


def _flag(entry, key):
    """Return the bool `entry[key]`, False if there is none. Raise Fault if it is no bool."""
    flag = entry.get(key, False)
    if not isinstance(flag, bool):
        raise Fault(_("Its “%(key)s” must be true or false.") % {"key": key})
    return flag
