"""Boxes of code, coloured by Pygments."""

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Token, _TokenType
from pygments.util import ClassNotFound

# Longer code stays plain: a lexer costs up to 4 ms a kilobyte.
HIGHLIGHTED_CHARACTERS = 20_000

# What the style sheet has colours for; a token without one looks to its parents.
CLASSES = {
    Token.Comment: "c",
    Token.Comment.Preproc: "cp",
    Token.Keyword: "k",
    Token.Keyword.Type: "kt",
    Token.Operator.Word: "k",
    Token.Literal.Number: "m",
    Token.Literal.String: "s",
    Token.Literal.String.Escape: "se",
    Token.Literal.String.Interpol: "se",
    Token.Literal.String.Doc: "c",
    Token.Name.Attribute: "na",
    Token.Name.Builtin: "nb",
    Token.Name.Class: "nc",
    Token.Name.Constant: "m",
    Token.Name.Decorator: "cp",
    Token.Name.Exception: "nc",
    Token.Name.Function: "nf",
    Token.Name.Tag: "nt",
    Token.Name.Variable: "nv",
    Token.Generic.Deleted: "gd",
    Token.Generic.Inserted: "gi",
    Token.Generic.Heading: "gh",
    Token.Generic.Subheading: "gh",
    Token.Generic.Prompt: "c",
    Token.Generic.Output: None,
    Token: None,
}

# Languages that are coloured, by the names Pygments knows them by. A list of our own: each lexer
# is loaded once and stays in memory, and hostile text must not reach the rarely read ones.
LANGUAGES = frozenset(
    "bash sh shell zsh console shell-session powershell ps1 batch bat cmd"
    " c h cpp c++ cs csharp c# objective-c objc d go golang rust rs zig swift"
    " java kotlin kt scala groovy clojure clj"
    " js javascript jsx ts typescript tsx json jsonc json5 html xml svg css scss sass less"
    " php ruby rb perl pl python py python3 py3 pycon lua r julia jl dart elixir erlang haskell hs"
    " ocaml fsharp f# nim lisp elisp scheme racket prolog matlab octave fortran pascal delphi"
    " sql postgresql postgres psql mysql sqlite3 plpgsql graphql protobuf proto"
    " yaml yml toml ini cfg properties dotenv diff udiff patch make makefile cmake"
    " docker dockerfile nginx apacheconf terraform tf hcl nix vim viml awk sed"
    " latex tex bibtex rst markdown md django jinja twig vue svelte"
    " http asm nasm gas llvm wasm wast verilog vhdl solidity".split()
)
ALIASES = {"jsonc": "json", "json5": "json", "svg": "xml", "dotenv": "bash", "psql": "postgresql"}
LABEL = re.compile(r"[^\s{}]+")


def code_box(code: str, info: str, coloured: bool = True) -> str:
    """A box with the language's name and the code, as HTML that is not sanitised yet.

    info is what stands after the fence; coloured says whether a lexer may run.
    """
    language = label(info)
    body = highlight(code, language) if coloured else escape(code, quote=False)
    return (
        f'<div class="code"><div class="code__bar"><span>{escape(language)}</span></div>'
        f'<pre tabindex="0"><code>{body}</code></pre></div>'
    )


def label(info: str) -> str:
    """The language's name in what stands after a fence, at most 30 characters."""
    match = LABEL.search(info)
    return match[0][:30] if match else ""


def highlight(code: str, language: str) -> str:
    """Escaped code with a <span> around each coloured token, where the language is known."""
    lexer = _lexer(language.lower())
    if lexer is None or len(code) > HIGHLIGHTED_CHARACTERS:
        return escape(code, quote=False)
    return "".join(_spans(lexer.get_tokens(code)))


def _spans(tokens: Iterable[tuple[_TokenType, str]]) -> Iterable[str]:
    current, texts = None, []
    for kind, text in tokens:
        name = _class(kind)
        if name != current and texts:
            yield _span(current, "".join(texts))
            texts = []
        current = name
        texts.append(text)
    if texts:
        yield _span(current, "".join(texts))


def _span(name: str | None, text: str) -> str:
    escaped = escape(text, quote=False)
    return f'<span class="{name}">{escaped}</span>' if name and text.strip() else escaped


@lru_cache(maxsize=500)
def _class(kind: _TokenType) -> str | None:
    while kind not in CLASSES:
        kind = kind.parent
    return CLASSES[kind]


@lru_cache(maxsize=len(LANGUAGES))
def _lexer_class(language: str) -> type[Lexer] | None:
    try:
        return type(get_lexer_by_name(ALIASES.get(language, language)))
    except ClassNotFound:
        return None


def _lexer(language: str) -> Lexer | None:
    found = _lexer_class(language) if language in LANGUAGES else None
    # A new one each time: some keep what they read on themselves, and threads share this module.
    return found(stripnl=False, ensurenl=False) if found else None
