import pandas as pd

from tidegate.data.columns import Columns, Options
from tidegate.data.intake import as_panel

FRAME = pd.DataFrame({"ds": [1, 2, 3], "y": [1.0, None, 3.0], "k": [1, 2, 3]})


def test_a_panel_stays_itself():
    panel = as_panel(FRAME, options=Options(fill="zero"))
    assert as_panel(panel) is panel


def test_a_frame_is_read_with_its_columns():
    future = pd.DataFrame({"ds": [4], "k": [4]})
    panel = as_panel(FRAME, Columns(known=("k",)), Options(fill="zero"), future=future)
    assert panel.known.names == ("k",)
    assert panel.future.offsets.tolist() == [0, 1]
