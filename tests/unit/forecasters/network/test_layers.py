import pytest
import torch

from tidegate.errors import SettingError
from tidegate.forecasters.network.layers import OF_STACKS, STARTS, LayerPlan
from tidegate.nn.cells.catalogue import CELLS
from tidegate.nn.initialisation import built
from tidegate.nn.options import Stack

HIDDEN, STEPS = 6, 40
GATED = [name for name in CELLS if name != "elman"]


def layers(seed=0, **about):
    generator = torch.Generator().manual_seed(seed)
    plan = LayerPlan(**{"cell": "gru", "hidden_size": HIDDEN, "layers": 1, "dropout": 0.0, **about})
    return built(lambda: plan.made(3, STEPS, generator), generator)


def bias_of(made, gate, layer=0):
    first = made.cell.gates.index(gate) * HIDDEN
    parameters = dict(made.named_parameters())
    names = [name for name in (f"bias_ih_l{layer}", f"bias_hh_l{layer}") if name in parameters]
    return sum(parameters[name][first : first + HIDDEN] for name in names).detach()


def test_without_options_layers_are_plain_and_deep_ones_residual():
    plain, deep = layers(dropout=0.3), layers(layers=2, dropout=0.3)
    assert plain.cell == CELLS["gru"]()
    assert (plain.stack.residual, plain.stack.dropout) == (False, 0.0)
    assert (deep.stack.residual, deep.stack.dropout, deep.num_layers) == (True, 0.3, 2)
    assert plain.stack.generator is not None


@pytest.mark.parametrize(
    ("cell", "options"),
    [
        ("lstm", {"peepholes": "full", "coupled": True, "output_activation": "identity"}),
        ("gru", {"reset": "before", "gate_bias": False}),
        ("elman", {"nonlinearity": "relu", "clip": 3.0}),
        ("min_lstm", {"candidate": "positive", "normalised": False}),
    ],
)
def test_options_of_the_cell_reach_it(cell, options):
    assert layers(cell=cell, options=options).cell == CELLS[cell](**options)


@pytest.mark.parametrize("given", ["forget", ["forget"], ("forget",)])
def test_one_gate_may_be_given_as_text_and_several_as_a_list(given):
    assert layers(cell="lstm", options={"without": given}).cell.without == ("forget",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("backend", "reference"), ("bias", False), ("layer_norm", True), ("proj_size", 3), ("recompute", True),
        ("residual", False),
    ],
)  # fmt: skip
def test_options_of_the_stack_reach_it(name, value):
    made = layers(cell="lstm", layers=2, options={name: value})
    assert getattr(made.stack, name) == value != getattr(layers(cell="lstm", layers=2).stack, name)


def test_options_are_told_apart_by_their_names():
    assert {*OF_STACKS} <= {*Stack.__dataclass_fields__}
    for kind in CELLS.values():
        assert not {*OF_STACKS} & {*kind.__dataclass_fields__}


def test_the_identity_start_is_a_relu_that_keeps_its_state():
    made = layers(cell="elman", layers=2, start="identity")
    assert made.cell.nonlinearity == "relu"
    for layer in range(2):
        assert torch.equal(getattr(made, f"weight_hh_l{layer}"), torch.eye(HIDDEN))
    kept = torch.rand(2, 1, HIDDEN)
    state = layers(cell="elman", start="identity")(torch.zeros(9, 1, 3), kept[:1])[1]
    assert torch.equal(state, kept[:1])
    assert layers(cell="elman", start="identity", options={"nonlinearity": "tanh"}).cell.nonlinearity == "tanh"


@pytest.mark.parametrize("cell", GATED)
def test_the_chrono_start_draws_memories_up_to_the_window(cell):
    made, again, other = (layers(seed, cell=cell, start="chrono", layers=2) for seed in (0, 0, 1))
    gate = "forget" if "forget" in made.cell.gates else "update"
    for layer in range(2):
        drawn = bias_of(made, gate, layer).abs().exp()
        assert bool((drawn >= 1).all())
        assert bool((drawn <= STEPS - 1).all())
        assert float(drawn.max() - drawn.min()) > 1
        assert torch.equal(drawn, bias_of(again, gate, layer).abs().exp())
        assert not torch.equal(drawn, bias_of(other, gate, layer).abs().exp())


@pytest.mark.parametrize(("cell", "sign"), [("lstm", 1), ("gru", 1), ("min_gru", -1)])
def test_a_forget_bias_opens_the_gate_that_keeps_the_state(cell, sign):
    gate = "forget" if cell == "lstm" else "update"
    assert torch.equal(bias_of(layers(cell=cell, forget_bias=3), gate), torch.full((HIDDEN,), 3.0 * sign))
    usual = {"lstm": 1.0}.get(cell, 0.0)
    assert torch.equal(bias_of(layers(cell=cell), gate), torch.full((HIDDEN,), usual))


def test_what_is_drawn_by_a_start_comes_after_everything_else():
    """Weights that a start does not touch are the same bits with it and without."""
    plain, chrono = layers(cell="lstm"), layers(cell="lstm", start="chrono")
    assert torch.equal(plain.weight_ih_l0, chrono.weight_ih_l0)
    assert torch.equal(plain.weight_hh_l0, chrono.weight_hh_l0)


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"cell": "gur"}, "There is no cell 'gur'"),
        ({"options": {"resets": "before"}}, "gru has no option 'resets'. Did you mean 'reset'. Its options are: reset"),
        ({"options": {"bidirectional": True}}, "gru has no option 'bidirectional'. .*residual"),
        ({"options": 5}, "layer_options is 5; it must be a dictionary, such as {'layer_norm': True}"),
        ({"options": {"reset": "never"}}, "reset is 'never'; it must be one of 'after'"),
        ({"options": {"bias": 3}}, "layer_options of gru: bias should be of type bool"),
        ({"options": {"layer_norm": 3}}, "layer_norm is 3; it must be True or False."),
        ({"cell": "lstm", "options": {"proj_size": 1.5}}, "proj_size is 1.5; it must be a whole number, at least 0"),
        ({"cell": "lstm", "options": {"proj_size": 9}}, "layer_options of lstm: proj_size has to be smaller"),
        ({"options": {"proj_size": 2}}, "proj_size argument is only supported for LSTM"),
        ({"start": "zeros"}, "start is 'zeros'; it must be one of 'orthogonal', 'identity', 'chrono'"),
        ({"start": "identity"}, "the identity start is for elman layers; gru has gates"),
        ({"cell": "elman", "start": "chrono"}, "has no gate that keeps its state"),
        ({"cell": "elman", "forget_bias": 1}, "has no gate that keeps its state"),
        ({"start": "chrono", "forget_bias": 1}, "start is 'chrono', which draws the forget biases: leave forget_bias"),
        ({"start": "chrono", "options": {"bias": False}}, "the update gate has no bias to set"),
        ({"forget_bias": "3"}, "forget_bias is '3'; it must be a number, such as 3, or None"),
        ({"forget_bias": True}, "forget_bias is True; it must be a number"),
        ({"forget_bias": float("inf")}, "bias is inf; it must be a finite number"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_refused(about, message):
    plan = LayerPlan(**{"cell": "gru", "hidden_size": HIDDEN, "layers": 2, "dropout": 0.1, **about})
    with pytest.raises(SettingError, match=message):
        plan.check()


@pytest.mark.parametrize("start", STARTS)
def test_what_can_be_made_is_not(start):
    cell = "elman" if start == "identity" else "gru"
    plan = LayerPlan(cell, HIDDEN, 3, 0.2, {"layer_norm": True}, start)
    plan.check()
    assert layers(cell=cell, start=start, options={"layer_norm": True})(torch.zeros(4, 2, 3))[0].shape == (4, 2, HIDDEN)


def test_wide_layers_are_checked_without_being_made(monkeypatch):
    made = []
    plain = LayerPlan.made
    monkeypatch.setattr(LayerPlan, "made", lambda self, *rest: made.append(self) or plain(self, *rest))
    LayerPlan("gru", 1_000_000, 3, 0.0).check()
    assert [(one.hidden_size, one.layers) for one in made] == [(2, 3)]
    LayerPlan("lstm", 8, 1, 0.0, options={"proj_size": 5}).check()
    with pytest.raises(SettingError, match="proj_size"):
        LayerPlan("lstm", 8, 1, 0.0, options={"proj_size": 9}).check()
