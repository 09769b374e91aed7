import numpy as np
import pytest

from tidegate.nn.gates import Gate
from tidegate.report.sections import opened
from tidegate.tasks.inspection import Inspection, LayerGates


def test_long_texts_are_cut_and_say_so():
    made = opened.words("title", ["ab"] * 150, np.zeros(150))
    assert (len(made["words"]), made["cut"], made["tight"]) == (120, 30, False)


def test_characters_stand_side_by_side_and_line_breaks_are_seen():
    made = opened.words("title", ["a", "\n"] * 400, np.zeros(800))
    assert (len(made["words"]), made["cut"], made["tight"]) == (600, 200, True)
    assert made["words"][1][0] == "\u21b5\n"


@pytest.mark.parametrize(
    ("contributions", "wanted"),
    [([0, 2, 4], [0, 0.5, 1]), ([0, 0.25, 0.5], [0, 0.25, 0.5]), ([-3, -1, 0], [0, 0, 0])],
)
def test_shades_are_of_the_largest_unless_none_is_large(contributions, wanted):
    np.testing.assert_allclose(opened.shares(np.array(contributions, dtype=float)), wanted)


@pytest.mark.parametrize(
    ("fall", "said"),
    [
        (np.log(1.05), ""),
        (np.log(3), "divides the odds by up to 3.0"),
        (np.log(1234), "divides the odds by up to 1,234"),
        (50, "divides the odds by more than a million"),
        (5_000, "divides the odds by more than a million"),
    ],
)
def test_what_hiding_costs_in_words(fall, said):
    assert opened.cost(np.array([0.0, fall]), "word") == (f"Hiding a word {said}" if said else "")


def test_words_are_as_dark_as_the_gate_is_open(looked):
    made = opened.gates(looked(["aa", "bb", "cc"]))
    assert made["title"] == "How open each gate was at each word"
    shaded = made["blocks"][1]
    assert shaded["title"] == "Layer 1, forward: update gate, 0.10 to 0.90"
    assert shaded["words"] == [["aa", 0.0], ["bb", 0.5], ["cc", 1.0]]


def test_gates_over_a_recording_are_lines(looked, specification):
    (grid,) = opened.gates(looked(np.ones((5, 2))))["blocks"]
    (figure,) = grid["figures"]
    np.testing.assert_allclose(figure["data"]["lines"][0]["y"], np.linspace(0.1, 0.9, 5))
    assert figure["alt"] == "layer 1, forward, on average update 0.50."
    specification(figure)


def test_without_gates_nothing_is_shown():
    assert opened.gates(Inspection(["a"], "x", np.zeros(1), (LayerGates(1, "forward", {}),))) is None


def test_a_gate_that_hardly_moves_is_hardly_shaded():
    values = np.array([[0.50], [0.51]])
    gate = Gate(values, values.mean(0), values.mean(0), values.mean(0))
    made = opened.gates(Inspection(["aa", "bb"], "x", np.zeros(2), (LayerGates(1, "forward", {"reset": gate}),)))
    assert made["blocks"][1]["words"] == [["aa", 0.0], ["bb", 0.1]]
