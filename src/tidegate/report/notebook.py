"""Results in a notebook: the chart that says most about each, and a short text with it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import vl_convert

from tidegate.analysis.profile import Profile
from tidegate.evaluation.audit.audit import Audit
from tidegate.evaluation.results import Backtest
from tidegate.evaluation.selection import Verdict, verdict
from tidegate.evaluation.study import Study
from tidegate.insight.result import Insight
from tidegate.panel import Panel
from tidegate.report.charts import theme
from tidegate.report.charts.drawing import draw
from tidegate.report.sections import folds, gates, gradient, models, outlook, series, sight
from tidegate.report.view import View, score_axis

if TYPE_CHECKING:
    from tidegate.report.blocks import Block

_WIDTH = 680
_MOST_SENTENCES = 6


def chart(result: Any) -> Any:
    """Return the Altair chart that says most about a result.

    Parameters
    ----------
    result
        A Study (its forecast), a Backtest (every fold), a Verdict (what each rung adds), a Profile (the series and
        its trend), an Audit (what each step sees) or an Insight (its gradient through time).

    Raises
    ------
    TypeError
        If it is none of these.
    """
    return _titled(figure(result))


def html(result: Any) -> str:
    """Return a result as HTML without scripts: its first sentences and its charts as drawings.

    Takes and raises what `chart` does. Of an Insight the gates are drawn under its chart.
    """
    said = "".join(f"<p style='max-width:46em'>{escape(sentence)}</p>" for sentence in sentences(result))
    drawn = "".join(_drawn(one) for one in (figure(result), *_beside(result)))
    return f"<div>{said}{drawn}</div>"


def _titled(one: Block) -> Any:
    title = alt.TitleParams(text=one["title"], subtitle=theme.spoken(one["key"]))
    return draw(one).properties(width=_WIDTH, title=title)


def _drawn(one: Block) -> str:
    drawn = vl_convert.vegalite_to_svg(_titled(one).to_dict())
    return f'<div role="img" aria-label="{escape(one["alt"])}">{drawn}</div>'


def _beside(result: Any) -> list[Block]:
    """Return what a notebook draws beside the chart: of an Insight the gates of the last layer."""
    if not isinstance(result, Insight):
        return []
    return [gates.gate_figure(result.scene, name, gate) for name, gate in result.layers[-1].gates.items()]


def figure(result: Any) -> Block:
    """Return the figure of the report that says most about a result.

    Takes and raises what `chart` does.
    """
    match result:
        case Study():
            return _study_figure(result)
        case Backtest():
            return folds.every_model(View(result, verdict(result)), 0, "")
        case Verdict():
            return models.ladder(result, score_axis(result.score))
        case Profile():
            return _profile_figure(result)
        case Audit():
            return sight.sight(result)
        case Insight():
            return next(one for one in reversed(gradient.figures(result, result.layers[-1])) if one is not None)
    known = "a Study, Backtest, Verdict, Profile, Audit or Insight has"
    raise TypeError(f"{type(result).__name__} has no chart; {known}.")


def sentences(result: Any) -> list[str]:
    """Return the first sentences about a result."""
    match result:
        case Study():
            return list(result.verdict.sentences[:_MOST_SENTENCES])
        case Backtest():
            return list(verdict(result).sentences[:1])
        case Verdict():
            return list(result.sentences)
        case _:
            return list(result.sentences()[:_MOST_SENTENCES])


def _study_figure(result: Study) -> Block:
    """Return the forecast of the first judged series that has one, or every fold if there was only a comparison."""
    if result.forecast is None:
        return figure(result.backtest)
    panel, known = result.backtest.panel, set(result.forecast.ids)
    return outlook.figure(panel, result.forecast, next(n for n, one in enumerate(panel.ids) if one in known))


def _profile_figure(result: Profile) -> Block:
    """Return the series with its trend, or alone where nothing could be taken apart."""
    panel = Panel(
        ids=np.array([result.series], dtype=object),
        offsets=np.array([0, len(result.times)]),
        times=result.times,
        values=result.observed,
        frequency=result.frequency,
        seasons=result.seasons,
        timezone=result.timezone,
        target=result.target,
    )
    return next(one for one in series.decomposition(result, panel) if one is not None)
