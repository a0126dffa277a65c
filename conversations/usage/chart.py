"""A bar chart as an SVG of fixed size: the coordinates of its bars, labels and scale."""

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
    value: str


@dataclass(frozen=True)
class Chart:
    """Coordinates of a chart: `bars` for values other than zero, `labels` as `(x, text)` under some
    of them, and height and text of the line that shows the scale (None where all are zero)."""

    bars: list
    labels: list
    line: float | None
    scale: str

    width, height, bottom = WIDTH, HEIGHT, BOTTOM


def draw(points, written):
    """The Chart of `points`, pairs of a label and a number of at least 0; the function `written`
    turns a number into the text that people read."""
    highest = max((value for _label, value in points), default=0)
    step = WIDTH / max(len(points), 1)
    every = max(-(-len(points) // LABELS), 1)
    bars, labels = [], []
    for n, (label, value) in enumerate(points):
        if value:
            # What there is can be seen, however little.
            height = round(max(float(value / highest) * (BOTTOM - TOP), 1.5), 1)
            bars.append(
                Bar(
                    x=round(n * step + step * 0.15, 1),
                    y=round(BOTTOM - height, 1),
                    width=round(step * 0.7, 1),
                    height=height,
                    label=label,
                    value=written(value),
                )
            )
        if n % every == 0:
            labels.append((round(n * step + step / 2, 1), label))
    scale = round_below(highest)
    line = round(BOTTOM - float(scale / highest) * (BOTTOM - TOP), 1) if highest else None
    return Chart(bars, labels, line, written(scale))


def round_below(value):
    """The largest of 1, 2, 5, 10, 20, 50 … (or their fractions) that does not exceed `value`."""
    if not value:
        return value
    power = type(value)(10) ** floor(log10(value))
    return max((step * power for step in (1, 2, 5) if step * power <= value), default=power)
