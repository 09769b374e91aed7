import itertools

import pytest

from tidegate.report.charts import theme


def luminance(colour):
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour):
    return 1.05 / (luminance(colour) + 0.05)


@pytest.mark.parametrize("role", theme.ROLES)
def test_every_role_stands_out_on_white(role):
    assert contrast(theme.style(role).colour) >= (3.0 if role == "other" else 4.5)


def test_text_is_dark():
    assert contrast(theme.INK) > 12
    assert contrast(theme.MUTED) > 4.5


def test_roles_differ_without_colour():
    drawn = {role: look for role, look in theme.ROLES.items() if role != "bound"}
    for (_, one), (_, other) in itertools.combinations(drawn.items(), 2):
        assert one.dash != other.dash or abs(one.width - other.width) >= 0.8


def test_a_sheet_keeps_its_tables_apart():
    sheet = theme.Sheet()
    layers = [sheet.chart({"x": [1, 2], "y": [3, 4]}).mark_line(), sheet.chart({"x": [5]}).mark_rule()]
    made = sheet.finished(layers, height=90).to_dict(validate=False)
    assert made["datasets"] == {"table-1": [{"x": 1, "y": 3}, {"x": 2, "y": 4}], "table-2": [{"x": 5}]}
    assert [layer["data"]["name"] for layer in made["layer"]] == ["table-1", "table-2"]
    assert (made["width"], made["height"]) == ("container", 90)


def test_dates_are_drawn_on_the_clock_of_the_data():
    axis = theme.x_axis({"kind": "date", "title": "Time (days)"}).to_dict()
    assert axis["scale"]["type"] == "utc"
    assert "utcFormat" in axis["axis"]["labelExpr"]


def test_text_over_lines_has_an_outline():
    base = theme.Sheet().chart({"name": ["a"]})
    outline, letters = (mark.to_dict(validate=False)["mark"] for mark in theme.haloed(base, align="left", dx=4))
    assert outline["stroke"] == "white"
    assert letters["color"] == theme.INK
    assert "stroke" not in letters


def test_the_key_in_words():
    key = [("observed", "observed"), ("band-wide", "95 % interval")]
    assert theme.spoken(key) == "black: observed; light band: 95 % interval"
    assert theme.spoken([("point-baseline", "unseen")]) == "orange squares: unseen"


def test_a_log_axis_has_the_domain_it_is_given_and_says_powers_of_ten():
    axis = theme.log_axis("Norm", [1e-6, 1.0]).to_dict()
    assert axis["scale"] == {"type": "log", "domain": [1e-6, 1.0], "nice": False, "clamp": True}
    assert "'.0e'" in axis["axis"]["labelExpr"]


@pytest.mark.parametrize(
    ("domain", "powers"),
    [
        ([1e-3, 8.0], [1e-3, 1e-2, 1e-1, 1.0]),
        ([1e-12, 1.0], [1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0]),
        ([2.0, 30.0], None),
    ],
)
def test_a_log_axis_is_marked_at_powers_of_ten_alone(domain, powers):
    found = theme.log_axis("Norm", domain).to_dict()["axis"]
    assert found.get("values") == (pytest.approx(powers) if powers else None)


@pytest.mark.parametrize(("domain", "most"), [([0, 2], 2), ([0, 0.5], 1), ([0.7, 3.3], 3), ([0, 400], 400)])
def test_whole_numbers_are_marked_once(domain, most):
    axis = theme.x_axis({"kind": "number", "title": "Epochs", "whole": True, "domain": domain}).to_dict()["axis"]
    assert axis["tickCount"] == {"expr": f"min({most}, max(3, floor(width / 80)))"}
