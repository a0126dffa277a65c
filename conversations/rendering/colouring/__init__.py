"""Colours in code, made by Pygments in a process of its own.

Its lexers are regular expressions of which many take quadratic time, so what a text costs is
limited in processor time, which a thread of ours cannot be. `colour` asks for the colours of one
box of code; there is one child process for each of ours, started with the first box.
"""

from .jobs import Coloured, colour
from .limits import TEXT_SECONDS

__all__ = ["TEXT_SECONDS", "Coloured", "colour"]
