"""Syntax highlighting of code, made by Pygments in a child process.

Many of Pygments' regular expressions take quadratic time, so what a text may cost is limited in
processor time, which cannot be done with a thread. `highlight` requests the highlighting of one
piece of code; each process of the server has one child process, started when it is first needed.
"""

from .jobs import Highlighted, highlight
from .limits import TEXT_SECONDS

__all__ = ["TEXT_SECONDS", "Highlighted", "highlight"]
