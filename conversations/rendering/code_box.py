"""HTML of a piece of code (a box with a bar above it), and the languages that are highlighted."""

import re
from html import escape

# Longer code stays plain: a lexer costs up to 4 ms a kilobyte.
HIGHLIGHTED_CHARACTERS = 20_000

# CSS classes of highlighted tokens, by Pygments' names of token types; a type that is not listed
# has the class of its nearest parent, the last of which is "".
CLASSES = {
    "Comment": "c",
    "Comment.Preproc": "cp",
    "Keyword": "k",
    "Keyword.Type": "kt",
    "Operator.Word": "k",
    "Literal.Number": "m",
    "Literal.String": "s",
    "Literal.String.Escape": "se",
    "Literal.String.Interpol": "se",
    "Literal.String.Doc": "c",
    "Name.Attribute": "na",
    "Name.Builtin": "nb",
    "Name.Class": "nc",
    "Name.Constant": "m",
    "Name.Decorator": "cp",
    "Name.Exception": "nc",
    "Name.Function": "nf",
    "Name.Tag": "nt",
    "Name.Variable": "nv",
    "Generic.Deleted": "gd",
    "Generic.Inserted": "gi",
    "Generic.Heading": "gh",
    "Generic.Subheading": "gh",
    "Generic.Prompt": "c",
    "Generic.Output": None,
    "": None,
}

# Languages that are highlighted, as named after a fence. Not all that Pygments knows: each lexer
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
# For some of LANGUAGES, the Pygments name to use instead: most of these it does not know.
ALIASES = {
    "cmd": "batch",
    "dotenv": "bash",
    "h": "c",
    "json5": "json",
    "jsonc": "json",
    "kt": "kotlin",
    "patch": "diff",
    "psql": "postgresql",
    "svelte": "html",
    "svg": "xml",
    "viml": "vim",
    "wasm": "wast",
}
LABEL = re.compile(r"[^\s{}]+")


def code_box(code: str, info: str) -> str:
    """Return the HTML that shows `code`: a bar with the language's name, and the code, escaped and
    not highlighted. Pass the result through the sanitizer. `info` is the info string of the fence
    (what follows the opening ```)."""
    return (
        f'<div class="code"><div class="code__bar"><span>{escape(label(info))}</span></div>'
        f'<pre tabindex="0"><code>{escape(code, quote=False)}</code></pre></div>'
    )


def label(info: str) -> str:
    """Return the language's name in the info string of a fence, at most 30 characters; "" if there
    is none."""
    match = LABEL.search(info)
    return match[0][:30] if match else ""


def lexer_of(code: str, info: str) -> str:
    """Return Pygments' name of the language of `code`, given the info string of its fence; "" if
    the code is not highlighted (language not in LANGUAGES, empty, or over
    HIGHLIGHTED_CHARACTERS)."""
    language = label(info).lower()
    if language not in LANGUAGES or not code or len(code) > HIGHLIGHTED_CHARACTERS:
        return ""
    return ALIASES.get(language, language)
