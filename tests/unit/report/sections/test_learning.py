from types import SimpleNamespace

import numpy as np
import pytest

from tidegate.report.sections import learning


def section(loss, held, n_members=1):
    history = {"epoch": [float(k) for k in range(len(loss))], "loss": [np.nan, *loss[1:]], "val_loss": held}
    return learning.section(SimpleNamespace(history_=history, n_members=n_members), "Mean cross-entropy.")


@pytest.mark.parametrize(
    ("loss", "held", "said"),
    [
        (
            [0.7, 0.5, 0.3, 0.1],
            [0.7, 0.5, 0.4, 0.6],
            "the one kept is 2, where the held-out loss was lowest, 0.4. After",
        ),
        ([0.7, 0.5, 0.3, 0.1], [0.7, 0.5, 0.4, 0.3], "was lowest, 0.3. It was still falling when"),
        ([0.7, 0.5, 0.3, 0.1], [0.7, 0.5, 0.4, 0.41], "0.4."),
        ([0.7, 0.5], [np.nan, np.nan], "nothing was held out to judge by, so the last is kept. The loss ended at 0.5."),
    ],
)
def test_the_course_in_words(loss, held, said):
    text, figure = section(loss, held)["blocks"]
    assert said in text["sentences"][0]
    assert ("by heart" in text["sentences"][0]) is ("After" in said)
    assert len(figure["data"]["lines"]) == (1 if np.isnan(held).all() else 2)
    assert figure["data"]["lines"][0]["x"][0] == 1, "no loss is known before the first epoch"


def test_of_several_networks_the_course_is_that_of_the_first():
    text, figure = section([0.7, 0.5], [0.7, 0.5], n_members=3)["blocks"]
    assert text["sentences"][0].startswith("Of the first of 3 networks: 1 epoch; the one kept is 1")
    assert figure["alt"].endswith(text["sentences"][0])
