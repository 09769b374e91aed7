"""The GRU's three forms: one step written out, the mirrored update gate, gates without biases, and the card."""

import itertools

import numpy as np
import pytest
import torch

from tidegate.errors import SettingError
from tidegate.nn.cells.card import filled
from tidegate.nn.cells.cell import Sizes, advance, n_parameters
from tidegate.nn.cells.gru import Gru, mirrored

SIZES = Sizes(3, 4)
RESETS = ["after", "before", "absent"]


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def weights_of(cell):
    return {role: drawn(*shape, seed=k) for k, (role, shape) in enumerate(cell.shapes(SIZES).items())}


def sigma(v):
    return 1 / (1 + np.exp(-v))


@pytest.mark.parametrize("clip", [None, 0.6])
@pytest.mark.parametrize("reset", RESETS)
def test_a_step_is_the_written_out_one(reset, clip):
    cell = Gru(reset, clip=clip)
    weights = weights_of(cell)
    w, u, b, r = (
        dict(zip(cell.gates, np.split(weights[role].numpy(), len(cell.gates)), strict=True))
        for role in ("input", "recurrent", "input_bias", "recurrent_bias")
    )
    x, h = drawn(5, 3, seed=10).numpy(), drawn(5, 4, seed=11).numpy()
    bound = np.inf if clip is None else clip

    def of_inputs(gate):
        return x @ w[gate].T + b[gate]

    def gate(name):
        return sigma(np.clip(of_inputs(name) + h @ u[name].T + r[name], -bound, bound))

    update = gate("update")
    if reset == "before":
        recurrent = (gate("reset") * h) @ u["candidate"].T + r["candidate"]
    else:
        recurrent = h @ u["candidate"].T + r["candidate"]
    if reset == "after":
        recurrent = gate("reset") * recurrent
    candidate = np.tanh(np.clip(of_inputs("candidate") + recurrent, -bound, bound))
    made = advance(cell, torch.from_numpy(x), (torch.from_numpy(h),), weights)
    np.testing.assert_allclose(made.state[0].numpy(), (1 - update) * candidate + update * h, rtol=0, atol=1e-14)
    expected = {"update": update, "candidate": candidate} | ({} if reset == "absent" else {"reset": gate("reset")})
    assert set(made.gates) == set(cell.gates)
    for name, opened in expected.items():
        np.testing.assert_allclose(made.gates[name].numpy(), opened, rtol=0, atol=1e-14)


@pytest.mark.parametrize("reset", RESETS)
def test_gates_without_biases_are_gates_with_biases_of_zero(reset):
    bare, full = Gru(reset, gate_bias=False), Gru(reset)
    weights = weights_of(bare)
    assert weights["input_bias"].shape == weights["recurrent_bias"].shape == (4,)
    gates = 4 * (len(bare.gates) - 1)
    padded = {
        role: torch.cat([torch.zeros(gates, dtype=torch.float64), weight]) if role.endswith("_bias") else weight
        for role, weight in weights.items()
    }
    x, h = drawn(5, 3, seed=10), drawn(5, 4, seed=11)
    assert torch.equal(advance(bare, x, (h,), weights).state[0], advance(full, x, (h,), padded).state[0])


@pytest.mark.parametrize("gate_bias", [True, False], ids=["biases", "no gate biases"])
@pytest.mark.parametrize("reset", RESETS)
def test_mirrored_weights_negate_the_update_gate_alone(reset, gate_bias):
    cell = Gru(reset, gate_bias=gate_bias)
    weights = weights_of(cell)
    once = mirrored(weights, cell)
    rows = slice(4 * cell.gates.index("update"), 4 * cell.gates.index("update") + 4)
    for role, weight in weights.items():
        if len(weight) == 4:
            assert torch.equal(once[role], weight)
            continue
        assert torch.equal(once[role][rows], -weight[rows])
        kept = torch.ones(len(weight), dtype=torch.bool)
        kept[rows] = False
        assert torch.equal(once[role][kept], weight[kept])
    twice = mirrored(once, cell)
    assert list(twice) == list(weights)
    assert all(torch.equal(twice[role], weights[role]) for role in weights)


@pytest.mark.parametrize("gate_bias", [True, False], ids=["biases", "no gate biases"])
@pytest.mark.parametrize("reset", RESETS)
def test_the_formula_of_the_card_counts_the_parameters(reset, gate_bias):
    cell, n_blocks = Gru(reset, gate_bias=gate_bias), 2 if reset == "absent" else 3
    expected = n_blocks * (4 * 3 + 4 * 4) + 2 * 4 * (n_blocks if gate_bias else 1)
    assert eval(filled(cell.card().count, {"I": 3, "H": 4})) == n_parameters(cell, SIZES) == expected


def test_the_card_says_which_libraries_have_the_form():
    there = {
        (reset, clip): {name for name, line in Gru(reset, clip=clip).card().weights.items() if line[:5] != "none:"}
        for reset, clip in itertools.product(RESETS, (None, 2.0))
    }
    assert there == {
        ("after", None): {"PyTorch", "Keras", "ONNX"},
        ("before", None): {"Keras", "ONNX"},
        ("absent", None): set(),
        ("after", 2.0): {"ONNX"},
        ("before", 2.0): {"ONNX"},
        ("absent", 2.0): set(),
    }
    assert "linear_before_reset=1; clip=2.0" in Gru(clip=2.0).card().weights["ONNX"]
    assert "linear_before_reset=0" in Gru("before").card().weights["ONNX"]
    assert Gru(gate_bias=False).card().weights["PyTorch"].endswith("; biases of the gates 0")


def test_the_title_and_the_notations_name_the_form():
    assert Gru().card().title == "Gated recurrent unit"
    title = Gru("before", gate_bias=False, clip=3.0).card().title
    assert title == (
        "Gated recurrent unit: reset gate before the recurrent product, gates without biases, sums clipped at 3.0"
    )
    assert list(Gru("absent").card().notations) == ["update", "candidate", "hidden"]
    assert Gru().card().notations["reset"]["lecture (Gamma)"] == "Gamma_r"
    assert Gru("absent").card().title == "Gated recurrent unit: no reset gate"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reset": "behind"}, r"reset is 'behind'; it must be one of 'after', 'before', 'absent'"),
        ({"gate_bias": "no"}, r"gate_bias is 'no'; it must be one of True, False"),
        ({"clip": 0.0}, r"clip is 0.0; it must be above 0, or None for no limit"),
    ],
    ids=["reset", "gate bias", "clip"],
)
def test_options_outside_their_limits_are_refused(options, message):
    with pytest.raises(SettingError, match=message):
        Gru(**options)
