"""Bar chart of usage, drawn as an SVG of fixed size: computes the coordinates of bars, labels and
scale."""

from dataclasses import dataclass
from math import floor, log10

WIDTH, HEIGHT = 900, 180
TOP, BOTTOM = 14, 156  # y of the upper end of the highest bar, and of the lower end of all
LABELS = 6  # about so many below the bars


@dataclass(frozen=True)
class Bar:
    """One bar of a Chart: position and size in SVG units, `label` (such as a date) and `value` as
    text."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: str


@dataclass(frozen=True)
class Chart:
    """Coordinates of a bar chart in SVG units: `bars` (a Bar for each value other than zero),
    `labels` as `(x, text)` for about six points, `line` (the y of the line that shows the scale,
    None where all values are zero) and `scale` (the text at that line)."""

    bars: list
    labels: list
    line: float | None
    scale: str

    width, height, bottom = WIDTH, HEIGHT, BOTTOM


def draw(points, written):
    """Return the Chart (coordinates of bars and labels) of `points`, a list of `(label, value)`
    with a text and a number of at least 0, in this order from left to right. `written` is a
    function that formats a value as text for people."""
    highest = max((value for _label, value in points), default=0)
    step = WIDTH / max(len(points), 1)
    every = max(-(-len(points) // LABELS), 1)
    bars, labels = [], []
    for n, (label, value) in enumerate(points):
        if value:
            # Any value but zero is high enough to be seen.
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
    """Return the largest number of the series 1, 2, 5, 10, 20, 50 … (and 0.5, 0.2, 0.1 …) that does
    not exceed `value`, for a round number on the scale; 0 for 0."""
    if not value:
        return value
    power = type(value)(10) ** floor(log10(value))
    return max((step * power for step in (1, 2, 5) if step * power <= value), default=power)
