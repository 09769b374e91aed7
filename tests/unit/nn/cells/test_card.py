import dataclasses
import itertools
import re

import pytest

from tidegate.nn.cells.card import Card, Equation, filled
from tidegate.nn.cells.catalogue import CELLS

CARD = Card(
    title="A cell",
    equations=(
        Equation("c_t = W x_t", "(1)"),
        Equation("h_t = tanh(c_t)", "(2)"),
        Equation("h_t = P tanh(c_t)", "(3)", when="projected"),
        Equation("y_t = W_y h_t", when="read out"),
    ),
    legend={},
    sources=("Ada 1843",),
    count="H I",
    notations={},
    weights={},
)


def numbers(lines):
    return [line.number for line in lines]


def test_a_line_names_what_it_computes():
    assert Equation("update_t = sigma(W_update x_t) ", "(1)").left == "update_t"


def test_the_projected_line_takes_the_place_of_the_plain_one():
    assert numbers(CARD.step()) == ["(1)", "(2)"]
    assert numbers(CARD.step(projected=True)) == ["(1)", "(3)"]
    assert [line.left for line in CARD.read_out()] == ["y_t"]


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        ("3 (H I + H H + 2 H)", "3 * (32 * 8 + 32 * 32 + 2 * 32)"),
        ("4 (H I + H P + 2 H) + P H", "4 * (32 * 8 + 32 * 16 + 2 * 32) + 16 * 32"),
        ("(H I) (H + 1)", "(32 * 8) * (32 + 1)"),
    ],
)
def test_a_formula_is_filled_in_with_every_product_written_out(count, shown):
    assert filled(count, {"I": 8, "H": 32, "P": 16}) == shown


@pytest.mark.parametrize("name", CELLS)
def test_every_card_says_what_a_lecturer_needs(name):
    card = CELLS[name]().card()
    assert all(dataclasses.asdict(card)[part] for part in ("title", "legend", "sources", "count", "notations"))
    assert {"PyTorch", "Keras", "ONNX"} <= set(card.weights)
    assert re.search(r"\b(19|20)\d\d\b", card.sources[0])
    named = {part for part in (*CELLS[name]().gates, *CELLS[name]().states) if part != "hidden"}
    assert named <= set(card.notations)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_the_lecture_and_the_libraries_stand_beside_each_other(name):
    notations = CELLS[name]().card().notations
    lecture = {gate: names["lecture (Gamma)"] for gate, names in notations.items()}
    wanted = {"lstm": {"input": "Gamma_u", "forget": "Gamma_f", "output": "Gamma_o"}, "gru": {"reset": "Gamma_r"}}
    assert wanted[name].items() <= lecture.items()
    assert lecture["candidate"] == "c~"
    libraries = {"PyTorch", "Keras", "ONNX"}
    assert libraries <= set(itertools.chain.from_iterable(notations.values()))
