"""From the summary to one HTML file that holds all it needs: text, tables, charts and the code that draws them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import altair as alt
import jinja2
import vl_convert

from tidegate.report.charts import theme
from tidegate.report.charts.drawing import draw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.report.blocks import Block

# Addresses that the drawing library carries for its editor and its schemas; the report never opens them.
_ADDRESSES = (
    "https://vega.github.io/editor/",
    "https://github.com/vega/vega-lite/issues/2415",
    "https://vega.github.io/schema/vega/v6.json",
)


def render(summary: Block) -> str:
    """Return the report as HTML that opens without a network.

    Parameters
    ----------
    summary
        As from `summary.summarise`.
    """
    specs = {f"chart-{n}": specification(one) for n, one in enumerate(_figures(summary), start=1)}
    names = iter(specs)
    return _template().render(
        report=summary,
        specs=specs,
        next_chart=lambda: next(names),
        roles=theme.ROLES,
        bands={"band-narrow": theme.BANDS[0], "band-wide": theme.BANDS[1]},
        spread=theme.SPREAD,
        library=library(),
    )


def specification(figure: Block) -> dict[str, Any]:
    """Return the Vega-Lite specification of a figure, without the address of its schema."""
    chart = draw(figure)
    tables, chart.datasets = chart.datasets, alt.Undefined  # Altair would copy every row several times
    made: dict[str, Any] = chart.to_dict(validate=False)
    made.pop("$schema", None)
    return {**made, "datasets": tables}


@cache
def library() -> str:
    """Return the JavaScript that draws the charts: Vega, Vega-Lite and Vega-Embed, ready to stand in a page."""
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    for address in _ADDRESSES:
        bundle = bundle.replace(address, "")
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _figures(summary: Block) -> Iterator[Block]:
    """Yield the figures in the order in which the template prints them."""
    for section in summary["sections"]:
        yield from _inside(section["blocks"])


def _inside(blocks: list[Block]) -> Iterator[Block]:
    for block in blocks:
        if block["kind"] == "figure":
            yield block
        yield from block.get("figures", ())
        yield from _inside(block.get("blocks", []))


@cache
def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("tidegate.report", "templates")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("report.html")
