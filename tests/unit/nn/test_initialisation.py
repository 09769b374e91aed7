import math

import pytest
import torch
from torch.nn.utils import prune

from tidegate import nn
from tidegate.errors import SettingError
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.cells.min_lstm import MinLstm
from tidegate.nn.cells.slstm import Slstm
from tidegate.nn.initialisation import Starting, built, chrono, glorot, identity, open_forget, orthogonal
from tidegate.nn.stack import Recurrent, Stack

KEEPING = {
    "lstm": (Lstm(), "forget", 1),
    "coupled lstm": (Lstm(coupled=True), "input", -1),
    "lstm without input gate": (Lstm(without=("input",)), "forget", 1),
    "gru": (Gru(), "update", 1),
    "gru with the reset before": (Gru(reset="before"), "update", 1),
    "gru without reset gate": (Gru(reset="absent"), "update", 1),
    "min_gru": (MinGru(), "update", -1),
    "min_lstm": (MinLstm(), "forget", 1),
    "slstm": (Slstm(), "forget", 1),
}
"""Cell, the gate that keeps its state, and the sign with which it keeps more."""


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def layer(cell, inputs=3, hidden=8, **options):
    made = Recurrent(cell, inputs, hidden, stack=Stack(**options), dtype=torch.float64)
    with torch.no_grad():  # nothing that a start leaves alone may pass for what it sets
        for parameter in made.parameters():
            parameter.normal_(generator=drawn(9))
    return made


def total_bias(made, gate, suffix="l0"):
    """Return what the biases of a gate add up to, and those of all other gates."""
    first = made.cell.gates.index(gate) * made.hidden_size
    names = [f"bias_{kind}_{suffix}" for kind in ("ih", "hh") if hasattr(made, f"bias_{kind}_{suffix}")]
    total = sum(made.get_parameter(name).detach() for name in names)
    rows = torch.arange(len(total))
    inside = (rows >= first) & (rows < first + made.hidden_size)
    return total[inside], total[~inside]


@pytest.mark.parametrize("cell", [Elman(), Lstm(), Gru(), Slstm()], ids=lambda cell: cell.name)
def test_recurrent_weights_are_orthogonal_gate_by_gate_everywhere(cell):
    made = layer(cell, num_layers=2, bidirectional=True)
    orthogonal(made, drawn(), gain=1.5)
    for name in ("weight_hh_l0", "weight_hh_l0_reverse", "weight_hh_l1", "weight_hh_l1_reverse"):
        blocks = made.get_parameter(name).detach().split(8)
        for gate in blocks:
            torch.testing.assert_close(gate.T @ gate, 2.25 * torch.eye(8, dtype=torch.float64))
        assert not any(torch.equal(blocks[0], gate) for gate in blocks[1:])


def test_a_projected_layer_has_orthogonal_columns():
    made = layer(Lstm(), proj_size=3)
    orthogonal(made, drawn())
    for gate in made.weight_hh_l0.detach().split(8):
        torch.testing.assert_close(gate.T @ gate, torch.eye(3, dtype=torch.float64))


@pytest.mark.parametrize("cell", [MinGru(), MinLstm()], ids=lambda cell: cell.name)
def test_a_cell_without_recurrent_weights_cannot_be_orthogonal(cell):
    with pytest.raises(SettingError, match=f"{cell.name} has no recurrent weights to make orthogonal. Leave this"):
        orthogonal(layer(cell), drawn())


def test_an_identity_start_keeps_the_state():
    made = layer(Elman("relu"), hidden=5)
    identity(made)
    h = torch.rand(1, 2, 5, generator=drawn(1), dtype=torch.float64)
    _, state = made(torch.zeros(30, 2, 3, dtype=torch.float64), h)
    assert torch.equal(state, h)
    identity(made, scale=0.5)
    _, state = made(torch.zeros(2, 2, 3, dtype=torch.float64), h)
    assert torch.equal(state, h / 4)


def test_an_identity_start_takes_a_layer_without_biases():
    made = layer(Elman("relu"), bias=False)
    identity(made)
    assert torch.equal(made.weight_hh_l0, torch.eye(8, dtype=torch.float64))


def test_an_identity_start_is_for_the_simple_network():
    with pytest.raises(SettingError, match=r"the identity start is for elman layers; gru has gates. Use orthogonal"):
        identity(layer(Gru()))
    with pytest.raises(SettingError, match=r"scale is nan; it must be a finite number"):
        identity(layer(Elman()), scale=math.nan)


def test_input_weights_fill_their_range():
    made = layer(Gru(), inputs=40, hidden=60, num_layers=2)
    glorot(made, drawn())
    for name, inputs in (("weight_ih_l0", 40), ("weight_ih_l1", 60)):
        weight, reach = made.get_parameter(name).detach(), math.sqrt(6 / (inputs + 60))
        assert float(weight.abs().max()) <= reach
        assert float(weight.std()) == pytest.approx(reach / math.sqrt(3), rel=0.03)
        assert float(weight.max()) > 0.95 * reach > -0.95 * reach > float(weight.min())


@pytest.mark.parametrize("name", KEEPING)
def test_the_gate_that_keeps_the_state_starts_open(name):
    cell, gate, sign = KEEPING[name]
    made = layer(cell, num_layers=2, bidirectional=True)
    before = [total_bias(made, gate, suffix)[1] for suffix in ("l0", "l1_reverse")]
    open_forget(made, bias=1.25)
    for others, suffix in zip(before, ("l0", "l1_reverse"), strict=True):
        inside, outside = total_bias(made, gate, suffix)
        assert inside.tolist() == [sign * 1.25] * 8
        assert torch.equal(outside, others)


@pytest.mark.parametrize("name", KEEPING)
def test_an_open_gate_keeps_more_of_the_state(name):
    """The sign is right: with the bias the state before the step counts for more than against it."""
    cell, _, _ = KEEPING[name]
    kept = []
    for bias in (-6.0, 6.0):
        made = layer(cell)
        open_forget(made, bias=bias)
        with torch.no_grad():
            for name in [name for name, _ in made.named_parameters() if name.startswith("weight")]:
                made.get_parameter(name).mul_(0.01)
        states = [torch.ones(1, 1, 8, dtype=torch.float64) for _ in cell.states]
        starts = [tuple(scale * state for state in states) for scale in (1.0, 1.5)]
        inputs = torch.zeros(1, 1, 3, dtype=torch.float64)
        ends = [made(inputs, start if len(start) > 1 else start[0])[1] for start in starts]
        carried = [end[1] if len(cell.states) > 1 else end for end in ends]
        kept.append(float((carried[1] - carried[0]).detach().abs().mean()))
    assert kept[1] > 5 * kept[0]


@pytest.mark.parametrize("name", KEEPING)
def test_chrono_draws_the_memory_of_each_unit(name):
    cell, gate, sign = KEEPING[name]
    made = layer(cell, hidden=500)
    untouched = total_bias(made, "candidate")[0]
    chrono(made, drawn(), longest=101)
    inside, _ = total_bias(made, gate)
    steps = torch.exp(sign * inside)
    assert 1 <= float(steps.min()) < 2.5
    assert 98.5 < float(steps.max()) <= 100
    assert float(steps.mean()) == pytest.approx(50.5, rel=0.1)
    assert float(steps.std()) == pytest.approx(99 / math.sqrt(12), rel=0.1)
    assert torch.equal(total_bias(made, "candidate")[0], untouched)
    if gate == "forget" and "input" in cell.gates:
        assert torch.equal(total_bias(made, "input")[0], -inside)


def test_chrono_draws_again_for_every_layer_and_direction():
    made = layer(Lstm(), num_layers=2, bidirectional=True)
    chrono(made, drawn(), longest=50)
    biases = [total_bias(made, "forget", suffix)[0] for suffix in ("l0", "l0_reverse", "l1", "l1_reverse")]
    assert not any(torch.equal(first, second) for k, first in enumerate(biases) for second in biases[:k])
    chrono(again := layer(Lstm(), num_layers=2, bidirectional=True), drawn(), longest=50)
    assert torch.equal(total_bias(again, "forget", "l1")[0], biases[2])


def test_chrono_of_two_steps_is_half_open():
    made = layer(Lstm())
    chrono(made, drawn(), longest=2)
    assert not total_bias(made, "forget")[0].any()


@pytest.mark.parametrize("longest", [1, 0, -5])
def test_chrono_needs_two_steps(longest):
    with pytest.raises(SettingError, match=f"longest is {longest}; it must be at least 2 steps"):
        chrono(layer(Lstm()), drawn(), longest=longest)


@pytest.mark.parametrize("cell", [Elman(), Lstm(without=("forget",))], ids=["elman", "lstm-without-forget"])
@pytest.mark.parametrize("start", [open_forget, lambda made: chrono(made, drawn(), longest=9)], ids=["open", "chrono"])
def test_a_cell_that_keeps_its_state_by_no_gate_is_refused(cell, start):
    with pytest.raises(SettingError, match=r"\) has no gate that keeps its state, whose bias could be set. Leave this"):
        start(layer(cell))


@pytest.mark.parametrize("start", [open_forget, lambda made: chrono(made, drawn(), longest=9)], ids=["open", "chrono"])
def test_a_gate_without_bias_is_refused(start):
    for made in (layer(Lstm(), bias=False), layer(Lstm(gate_bias=False))):
        with pytest.raises(SettingError, match=r"the forget gate has no bias to set. Build the layer with biases, or"):
            start(made)
    with pytest.raises(SettingError, match=r"the update gate has no bias to set"):
        start(layer(Gru(), bias=False))


def test_starts_touch_no_global_generator():
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    made = Recurrent(Lstm(), 3, 8)
    torch.random.set_rng_state(before)
    for start in (orthogonal, glorot):
        start(made, drawn())
    chrono(made, drawn(), longest=9)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(parameter.requires_grad and parameter.is_leaf for parameter in made.parameters())


class Halved(torch.nn.Linear):
    """Starts at half of what is drawn for it."""

    @torch.no_grad()
    def start(self):
        self.weight.mul_(0.5)
        self.bias.fill_(3.0)


class Network(torch.nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.layers = Recurrent(cell, 2, 8)
        self.names = torch.nn.Embedding(400, 25)
        self.last = torch.nn.Linear(8, 4)
        self.halved = Halved(8, 400)
        self.bare = torch.nn.Linear(16, 400, bias=False)


def network(cell=None, seed=5):
    return built(lambda: Network(cell or Lstm()), drawn(seed))


def test_the_generator_alone_decides():
    torch.manual_seed(1)
    first = network()
    untouched = torch.random.get_rng_state()
    torch.manual_seed(2)
    second = network()
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    torch.manual_seed(1)
    assert torch.equal(torch.random.get_rng_state(), untouched)
    other = network(seed=6)
    assert not torch.equal(first.layers.weight_ih_l0, other.layers.weight_ih_l0)


def test_the_order_of_the_draws_is_fixed():
    """Input weights, then each gate's recurrent weights: what a seed has meant so far it goes on meaning."""
    generator = drawn(5)
    reach = 1 / math.sqrt(2)
    inputs = torch.empty(32, 2).uniform_(-reach, reach, generator=generator)
    gates = [torch.nn.init.orthogonal_(torch.empty(8, 8), generator=generator) for _ in range(4)]
    made = network().layers
    assert torch.equal(made.weight_ih_l0, inputs)
    assert torch.equal(made.weight_hh_l0, torch.cat(gates))


def test_every_parameter_is_set():
    for cell in (Elman(), Lstm(), Gru(), MinGru(), MinLstm(), Slstm()):
        assert all(bool(parameter.isfinite().all()) for parameter in network(cell).parameters())
        assert all(not parameter.is_meta for parameter in network(cell).parameters())


def test_a_stack_of_any_cell_can_be_built():
    def make():
        return Recurrent(Lstm(peepholes="full"), 3, 8, stack=Stack(num_layers=2, proj_size=4, layer_norm=True))

    made = built(make, drawn())
    assert total_bias(made, "forget", "l1")[0].tolist() == [1.0] * 8
    assert made.norm_weight_l1.tolist() == [1.0] * 4
    assert made.norm_bias_l1.tolist() == [0.0] * 4
    assert made.weight_ph_l0.abs().sum() == 0
    assert 0 < float(made.weight_hr_l1.detach().abs().max()) <= 1 / math.sqrt(8)
    bare = built(lambda: Recurrent(Lstm(gate_bias=False), 3, 8), drawn())
    assert bare.bias_ih_l0.tolist() == [0.0] * 8


def test_recurrent_weights_are_orthogonal_gate_by_gate():
    for gate in network().layers.weight_hh_l0.split(8):
        torch.testing.assert_close(gate @ gate.T, torch.eye(8))


def test_forget_gate_starts_open():
    bias = network().layers.bias_ih_l0
    assert bias.tolist() == [0.0] * 8 + [1.0] * 8 + [0.0] * 16


def test_linear_weights_fill_their_range_and_biases_are_zero():
    made = network()
    assert made.last.bias.tolist() == [0.0] * 4
    weight = made.bare.weight.detach()
    assert 0.24 < float(weight.abs().max()) <= 1 / math.sqrt(16)
    assert float(weight.std()) == pytest.approx(0.25 / math.sqrt(3), rel=0.03)


def test_embeddings_are_normal_and_of_length_one():
    weight = network().names.weight.detach()
    assert float(weight.std()) == pytest.approx(1 / math.sqrt(25), rel=0.03)
    assert float(weight.square().sum(1).mean()) == pytest.approx(1, rel=0.03)
    assert float(weight.abs().max()) > 3 / math.sqrt(25)


def test_a_start_of_its_own_has_the_last_word():
    made = network().halved
    assert isinstance(made, Starting)
    assert not isinstance(torch.nn.Linear(1, 1), Starting)
    assert made.bias.tolist() == [3.0] * 400
    assert 0.9 < float(made.weight.detach().abs().max()) * 2 * math.sqrt(8) <= 1


def test_the_outermost_start_comes_last():
    """What holds others knows more than they do."""
    order = []

    class Part(torch.nn.Linear):
        def start(self):
            order.append("part")

    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.part = Part(1, 1)

        def start(self):
            order.append("whole")

    built(Whole, drawn())
    assert order == ["part", "whole"]


def test_a_parameter_that_nothing_sets_is_refused():
    class Scaled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.LayerNorm(3)

    with pytest.raises(ValueError, match=r"^nothing sets the parameter inner.weight; give the module that owns it a"):
        built(Scaled, drawn())


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (lambda layer, g: orthogonal(layer, g, gain=float("nan")), r"^gain is nan; it must be a finite number$"),
        (lambda layer, g: open_forget(layer, bias=float("inf")), r"^bias is inf; it must be a finite number$"),
        (lambda layer, g: chrono(layer, g, longest=float("nan")), r"^longest is nan; it must be a finite number$"),
    ],
    ids=["gain", "bias", "longest"],
)
def test_numbers_are_finite(start, words):
    with pytest.raises(SettingError, match=words):
        start(nn.LSTM(2, 3), torch.Generator())


def test_a_layer_of_torch_is_refused():
    with pytest.raises(SettingError, match=r"^layer is a torch.nn.modules.rnn.LSTM; a start sets"):
        orthogonal(torch.nn.LSTM(2, 3), torch.Generator())


def test_a_pruned_layer_is_refused():
    layer = nn.LSTM(2, 3)
    prune.l1_unstructured(layer, "weight_hh_l0", 0.5)
    with pytest.raises(SettingError, match=r"^a weight of this LSTM is computed from other parameters, by pruning or"):
        orthogonal(layer, torch.Generator())


def test_half_precision_holds_a_long_range():
    layer = nn.LSTM(2, 64, dtype=torch.float16)
    chrono(layer, torch.Generator().manual_seed(1), longest=70_000)
    bias = layer.bias_ih_l0.detach()[64:128]
    assert bool(((bias >= 0) & (bias <= math.log(70_000) + 0.01)).all())
    assert float(bias.max()) > 9
