"""Heading levels of a text without gaps, from <h3> on, as the page has the first two itself."""

import re

TAG = re.compile(r"<(/?)h([3-6])>")
HIGHEST, LOWEST = 3, 6


class Headings:
    """Gives the headings of one text, from the top, levels without gaps.

    People who listen to a page walk it by its headings; a text that begins with `###` would leave
    two levels out.
    """

    def __init__(self) -> None:
        # The headings that the next block stands under, as they were written.
        self.above: list[int] = []

    def settle(self, html: str) -> str:
        """The HTML of the next complete block with its headings' levels."""
        html, self.above = _levelled(html, self.above)
        return html

    @staticmethod
    def under(html: str, above: list[int]) -> str:
        """The HTML of a block that stands under these headings, with its headings' levels."""
        return _levelled(html, above)[0]

    def preview(self, html: str) -> str:
        """The same for the block that may still change."""
        return _levelled(html, self.above)[0]


def _levelled(html: str, above: list[int]) -> tuple[str, list[int]]:
    """The HTML, and the headings (as they were written) that the next one stands under."""
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
