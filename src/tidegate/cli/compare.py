"""`tidegate compare`: judge models on past origins, without a forecast at the end."""

from __future__ import annotations

from tidegate.cli import studying
from tidegate.cli.app import command

EXAMPLE = """
tidegate compare sales.csv --horizon 12 --models naive,ets,gru
tidegate compare --example --horizon 12 --folds 8 --refit once
"""


@command("compare", example=EXAMPLE)
def compare(request: studying.Request) -> int:
    """Judge models on past origins and say which to trust."""
    return studying.run(request)
