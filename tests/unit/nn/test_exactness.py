import copy

import pytest
import torch

from tidegate import nn
from tidegate.nn.exactness import departure


@pytest.fixture
def network():
    torch.manual_seed(4)
    return torch.nn.ModuleDict({"one": nn.GRU(3, 5, num_layers=2), "two": nn.LSTM(2, 4, batch_first=True)})


def test_layers_are_their_equations_to_rounding(network):
    before = copy.deepcopy(network.state_dict())
    found = departure(network, seed=1)
    assert (found.cells, found.n_layers) == (("gru", "lstm"), 2)
    assert 0 < found.outputs < 1e-5
    assert 0 < found.gradients < 1e-5
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
    assert departure(network, seed=1) == found
    assert departure(network, seed=2) != found


def test_layers_in_double_precision_are_nearer(network):
    assert departure(network.double()).outputs < 1e-13


def test_other_modules_have_none():
    assert departure(torch.nn.GRU(3, 5)) is None


def test_another_computation_shows(network, monkeypatch):
    """An offender: what is not the reference turns its inputs round."""
    plain = nn.GRU.forward

    def turned(self, inputs, *arguments, **options):
        own = inputs if self.stack.backend == "reference" else inputs.flip(-1)
        return plain(self, own, *arguments, **options)

    monkeypatch.setattr(nn.GRU, "forward", turned)
    found = departure(network)
    assert found.outputs > 1e-2
    assert found.gradients > 1e-2


def test_layer_normalisation_leaves_a_gradient_to_compare():
    """The plain sum of normalised outputs is a constant: the share of its gradient would be that of rounding alone."""
    torch.manual_seed(4)
    found = departure(nn.GRU(3, 16, num_layers=2, layer_norm=True))
    assert 0 < found.gradients < 1e-5


@pytest.mark.parametrize("place", ["outputs", "gradient"])
def test_one_value_that_is_not_finite_is_no_rounding(network, monkeypatch, place):
    """Offenders: one NaN among the outputs, or among the gradients of one weight alone."""
    plain = nn.GRU.forward

    def damaged(self, inputs, *arguments, **options):
        made = plain(self, inputs, *arguments, **options)
        if self.stack.backend == "reference":
            return made
        if place == "outputs":
            return (made[0].index_fill(0, torch.tensor([0]), torch.nan), *made[1:])
        self.weight_hh_l0.register_hook(lambda gradient: gradient.index_fill(0, torch.tensor([0]), torch.nan))
        return made

    monkeypatch.setattr(nn.GRU, "forward", damaged)
    found = departure(network)
    assert (found.outputs if place == "outputs" else found.gradients) == float("inf")
