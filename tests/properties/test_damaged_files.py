"""Whatever stands in a file, reading it ends in a Panel or in one clear refusal."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidegate.data.reading import read
from tidegate.errors import InputError
from tidegate.panel import Panel

LINES = ["unique_id,ds,y,price"] + [f"a{k % 2},20{k // 2 + 10}-01-01,{k * 1.5},{k}" for k in range(40)]
VALID = "\n".join(LINES).encode()
TOKENS = [b",", b"\n", b'"', b";", b"\x00", b"\xff", b"NaN", b"inf", b"-", b"1e999", b"2020-13-45", b"\r", b"'", b" "]


@pytest.mark.slow
@settings(max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 12), st.sampled_from(TOKENS)), max_size=8),
    kept=st.integers(0, len(VALID)),
)
def test_a_damaged_csv_is_read_or_refused(tmp_path, edits, kept):
    content = VALID[:kept]
    for place, dropped, token in edits:
        content = content[:place] + token + content[place + dropped :]
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    panel, refusal = read_or_refused(path)
    assert (panel is None) == bool(refusal)
    assert panel is None or np.isfinite(panel.values).all()


def read_or_refused(path) -> tuple[Panel | None, str]:
    """Any other exception than a refusal goes through and fails the test."""
    try:
        return read(path), ""
    except InputError as refusal:
        return None, str(refusal).strip()
