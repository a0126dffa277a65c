"""Bars, drawn on the server: where they stand in an SVG of fixed size."""

from dataclasses import dataclass
from math import floor, log10

WIDTH, HEIGHT = 900, 180
TOP, BOTTOM = 14, 156  # where the bars may reach up to, and where they stand
LABELS = 6  # of the days below, about so many


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    label: str
    value: object
    below: str  # what stands under the bar; "" where there is no room for it

    @property
    def middle(self):
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Chart:
    """`bars`, and the height and value of the line that shows the scale (None: all is zero)."""

    bars: list
    line: float | None
    scale: object

    width, height, bottom, left = WIDTH, HEIGHT, BOTTOM, 0


def draw(points):
    """A Chart of `(label, value)`; values are numbers of at least 0."""
    highest = max((value for _label, value in points), default=0)
    step = WIDTH / max(len(points), 1)
    every = max(-(-len(points) // LABELS), 1)
    bars = []
    for n, (label, value) in enumerate(points):
        height = float(value / highest) * (BOTTOM - TOP) if highest else 0
        # What there is can be seen, however little.
        height = max(height, 1.5) if value else 0
        bars.append(
            Bar(
                x=round(n * step + step * 0.15, 1),
                y=round(BOTTOM - height, 1),
                width=round(step * 0.7, 1),
                height=round(height, 1),
                label=label,
                value=value,
                below=label if n % every == 0 else "",
            )
        )
    scale = round_below(highest)
    line = round(BOTTOM - float(scale / highest) * (BOTTOM - TOP), 1) if highest else None
    return Chart(bars, line, scale)


def round_below(value):
    """The largest of 1, 2, 5, 10, 20, 50 … (or their fractions) that does not exceed `value`."""
    if not value:
        return value
    power = type(value)(10) ** floor(log10(value))
    return max((step * power for step in (1, 2, 5) if step * power <= value), default=power)
