from dataclasses import replace

import numpy as np

from tidegate.report.sections import contributions


def test_the_first_middle_and_last_step_are_drawn_by_lag(inside, specification):
    found = contributions.section(inside)
    figure = next(block for block in found["blocks"] if block["kind"] == "figure")
    assert [line["name"] for line in figure["data"]["lines"]] == ["step 1 ahead", "step 3 ahead", "step 4 ahead"]
    line = figure["data"]["lines"][0]
    assert line["x"][-1] == 0
    np.testing.assert_allclose(line["y"], inside.contributions.values[0], rtol=1e-5)
    specification(figure)


def test_the_table_adds_up(inside):
    made = replace(
        inside.contributions,
        names=("price",),
        covariates=np.full((4, 1), 5.0),
        values=np.full(inside.contributions.values.shape, 1.0),
        baseline=np.full(4, 100.0),
        forecast=np.full(4, 105.0 + inside.contributions.values.shape[1]),
        in_logs=False,
    )
    table = next(
        b for b in contributions.section(replace(inside, contributions=made))["blocks"] if b["kind"] == "table"
    )
    assert [column["title"] for column in table["columns"]][3] == "price"
    step, base, past, price, forecast = (float(cell["text"]) for cell in table["rows"][0])
    assert step == 1
    assert base + past + price == forecast


def test_logs_are_named(inside):
    made = replace(inside.contributions, in_logs=True)
    section = contributions.section(replace(inside, contributions=made))
    figure = next(block for block in section["blocks"] if block["kind"] == "figure")
    assert figure["data"]["y"] == "Contribution (in logs of the data)"


def test_without_contributions_there_is_no_section(inside):
    assert contributions.section(replace(inside, contributions=None)) is None
