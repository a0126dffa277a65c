"""Levels of the headings of a text: without gaps, from <h3> on, as the page itself uses <h1> and
<h2>."""

import re

TAG = re.compile(r"<(/?)h([3-6])>")
HIGHEST, LOWEST = 3, 6


class Headings:
    """Corrector of the heading levels of one text, block by block from the top, so that no level is
    left out.

    People who use a screen reader navigate a page by its headings; a text that begins with `###`
    would leave two levels out.

    above: the levels (3 to 6), before correction, of the headings that the next block stands under,
    from the outermost.
    """

    def __init__(self) -> None:
        # The levels of the headings that the next block stands under, before correction.
        self.above: list[int] = []

    def settle(self, html: str) -> str:
        """Return `html`, that of the next complete block, with its heading levels corrected, and
        remember its headings for the blocks after it."""
        html, self.above = _levelled(html, self.above)
        return html

    @staticmethod
    def under(html: str, above: list[int]) -> str:
        """Return `html`, that of a block which stands under headings of the levels `above` (as the
        attribute), with its heading levels corrected."""
        return _levelled(html, above)[0]

    def preview(self, html: str) -> str:
        """Return `html`, that of the next, still incomplete block, with its heading levels
        corrected, without remembering its headings."""
        return _levelled(html, self.above)[0]


def _levelled(html: str, above: list[int]) -> tuple[str, list[int]]:
    """Return `(html, above)`: the block `html` with its heading levels corrected so that no level
    is left out, and the levels, before correction, of the headings that the next block stands
    under. The argument `above` has those that this block stands under."""
    if "<h" not in html:
        return html, above
    path = list(above)

    def level(match: re.Match) -> str:
        if not match[1]:
            written = int(match[2])
            while path and path[-1] >= written:
                path.pop()
            path.append(written)
        return f"<{match[1]}h{min(HIGHEST - 1 + len(path), LOWEST)}>"

    return TAG.sub(level, html), path
