"""Draw the picture of README.md, the airline passengers and their forecast: docs/forecast.svg and docs/forecast.png."""

from __future__ import annotations

from pathlib import Path

import altair as alt

import tidegate
from tidegate.data.examples import example

DOCS = Path(__file__).parents[1] / "docs"
HORIZON = 12


def main() -> None:
    """Run the whole ladder on the bundled example and save the chart of its forecast."""
    passengers = example("air-passengers").rename(columns={"y": "thousand passengers a month"})
    study = tidegate.study(passengers, horizon=HORIZON)
    levels = " and ".join(f"{level} %" for level in study.backtest.levels)
    title = alt.TitleParams(
        f"Airline passengers: the next {HORIZON} months",
        subtitle=f"observed (black) and forecast by {study.verdict.recommended} (blue) with its {levels} intervals",
    )
    chart = study.plot().properties(width=760, height=320, title=title)
    DOCS.mkdir(exist_ok=True)
    chart.save(DOCS / "forecast.svg")
    chart.save(DOCS / "forecast.png", scale_factor=2)
    print(study.verdict.statement)


if __name__ == "__main__":
    main()
