import itertools

import numpy as np
import pytest

from tidegate.report.charts.labels import WIDTHS, Spot, place

LETTER, LINE = 7.4, 17.0


def boxes(points, texts, spots, width, height):
    made = []
    for (x, y), text, spot in zip(points, texts, spots, strict=True):
        if spot is None:
            continue
        size = LETTER * len(text)
        left = x * width + spot.dx - {"left": 0, "right": size, "center": size / 2}[spot.align]
        middle = y * height + spot.dy
        made.append((left, middle - LINE / 2, left + size, middle + LINE / 2))
    return made


@pytest.mark.parametrize("seed", range(8))
def test_no_two_labels_overlap_at_any_width(seed):
    rng = np.random.default_rng(seed)
    points = [(float(x), float(y)) for x, y in rng.uniform(0.03, 0.97, (16, 2))]
    texts = ["model-" + "x" * int(n) for n in rng.integers(0, 8, 16)]
    spots = place(points, texts, 280)
    assert sum(spot is not None for spot in spots) >= 6
    for width in WIDTHS:
        for one, other in itertools.combinations(boxes(points, texts, spots, width, 280), 2):
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart
        for left, _, right, _ in boxes(points, texts, spots, width, 280):
            assert left >= -2
            assert right <= width + 2


def test_a_label_stands_right_of_a_lone_point():
    assert place([(0.3, 0.5)], ["ets"], 280) == [Spot("left", 9.0, 0)]


def test_a_label_at_the_right_edge_turns_left():
    assert place([(0.97, 0.5)], ["seasonal-naive"], 280)[0].align == "right"


def test_no_label_crosses_the_line():
    spot = place([(0.5, 0.5)], ["baseline"], 280, line=0.5)[0]
    assert abs(spot.dy) > LINE / 2


def test_what_has_no_room_stays_unnamed():
    assert None in place([(0.5, 0.5)] * 12, ["a long name"] * 12, 60)


def test_a_name_is_never_nearer_to_another_point():
    points = [(0.5, 0.5), (0.505, 0.49), (0.51, 0.48), (0.495, 0.51), (0.49, 0.52), (0.1, 0.9)]
    texts = ["ets", "theta", "sarima", "arima", "ses", "naive"]
    spots = place(points, texts, 280)
    assert spots[5] == Spot("left", 9.0, 0)
    assert None in spots[:5]
    named = [n for n, spot in enumerate(spots) if spot is not None]
    for n, (left, top, right, bottom) in zip(named, boxes(points, texts, spots, 480, 280), strict=True):
        away = [
            max(left - 480 * x, 480 * x - right, 0) ** 2 + max(top - 280 * y, 280 * y - bottom, 0) ** 2
            for x, y in points
        ]
        assert away.index(min(away)) == n
