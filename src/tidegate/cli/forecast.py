"""`tidegate forecast`: the whole way from a file to a forecast that was judged."""

from __future__ import annotations

from tidegate.cli import studying
from tidegate.cli.app import command

EXAMPLE = """
tidegate forecast sales.csv --horizon 12
tidegate forecast sales.csv --horizon 12 --known price,promotion --levels 80,95
tidegate forecast --example retail --horizon 28 --models naive,ets,gru
"""


@command("forecast", example=EXAMPLE)
def forecast(request: studying.Request) -> int:
    """Judge models, say which to trust, forecast, write a report.

    Reads and checks the data, studies them, tries models from the naive forecast to the LSTM on past origins, names
    the one to trust and why, and forecasts with it.
    """
    return studying.run(request)
