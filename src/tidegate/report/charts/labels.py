"""Where the names of points go, so that no two overlap at any width of the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTHS = (280.0, 480.0, 860.0)
_LETTER, _LINE, _GAP, _CLEAR = 7.4, 17.0, 9.0, 2.0


class Spot(NamedTuple):
    """Where a label stands relative to its point, in pixels; downwards is positive."""

    align: Literal["left", "center", "right"]
    dx: float
    dy: float


SPOTS = (
    Spot("left", _GAP, 0),
    Spot("right", -_GAP, 0),
    Spot("center", 0, -14),
    Spot("center", 0, 15),
    Spot("center", 0, -21),
    Spot("center", 0, 22),
    Spot("left", 6, -13),
    Spot("left", 6, 13),
    Spot("right", -6, -13),
    Spot("right", -6, 13),
)


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def distance(self, x: float, y: float) -> float:
        """Pixels from the box to a place outside it."""
        return math.hypot(max(self.left - x, 0.0, x - self.right), max(self.top - y, 0.0, y - self.bottom))

    def meets(self, other: _Box) -> bool:
        apart = self.right <= other.left or other.right <= self.left
        return not apart and self.top < other.bottom and other.top < self.bottom


def place(
    points: Sequence[tuple[float, float]], texts: Sequence[str], height: float, *, line: float | None = None
) -> list[Spot | None]:
    """Choose a spot for each label, earlier ones first; None where there is no room.

    Parameters
    ----------
    points
        Position of each point as fractions of the chart's width and height, (0, 0) at the top left.
    texts
        What the labels say, the most important first.
    height
        Height of the chart in pixels; its width varies over `WIDTHS`.
    line
        Height of a line across the chart, as a fraction, that no label may cross; None for no line.

    Returns
    -------
    list of Spot or None
        In the order of `points`; no two of their labels overlap, nor does a label cover a point, at any width.
    """
    taken: list[list[_Box]] = [[_around(x * width, y * height, 5) for x, y in points] for width in WIDTHS]
    if line is not None:
        for boxes, width in zip(taken, WIDTHS, strict=True):
            boxes.append(_Box(0.0, line * height - 2, width, line * height + 2))
    spots: list[Spot | None] = []
    for n, (text, point) in enumerate(zip(texts, points, strict=True)):
        fitting = (
            spot
            for spot in SPOTS
            if _fits(_boxes(spot, text, point, height), taken, n)
            and _nearest(_boxes(spot, text, point, height), points, n, height)
        )
        chosen = next(fitting, None)
        spots.append(chosen)
        if chosen is not None:
            for boxes, box in zip(taken, _boxes(chosen, text, point, height), strict=True):
                boxes.append(box)
    return spots


def _around(x: float, y: float, radius: float) -> _Box:
    return _Box(x - radius, y - radius, x + radius, y + radius)


def _boxes(spot: Spot, text: str, point: tuple[float, float], height: float) -> list[_Box]:
    size = _LETTER * len(text)
    shift = {"left": 0.0, "right": -size, "center": -size / 2}[spot.align]
    middle = point[1] * height + spot.dy
    made = []
    for width in WIDTHS:
        left = point[0] * width + spot.dx + shift
        made.append(_Box(left, middle - _LINE / 2, left + size, middle + _LINE / 2))
    return made


def _fits(boxes: list[_Box], taken: list[list[_Box]], own: int) -> bool:
    """Inside the frame and free of every other point and label, at each width."""
    for box, others, width in zip(boxes, taken, WIDTHS, strict=True):
        if box.left < -2 or box.right > width + 2 or not math.isfinite(box.left):
            return False
        if any(box.meets(other) for n, other in enumerate(others) if n != own):
            return False
    return True


def _nearest(boxes: list[_Box], points: Sequence[tuple[float, float]], own: int, height: float) -> bool:
    """Whether each box is clearly nearer to its own point than to any other, so that no name is ambiguous."""
    for box, width in zip(boxes, WIDTHS, strict=True):
        away = [box.distance(x * width, y * height) for x, y in points]
        if min((far for n, far in enumerate(away) if n != own), default=math.inf) < away[own] + _CLEAR:
            return False
    return True
