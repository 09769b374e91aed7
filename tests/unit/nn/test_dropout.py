import torch

from tidegate.nn.dropout import Dropout


def test_drops_a_fraction_and_keeps_the_mean():
    dropped = Dropout(0.25, torch.Generator().manual_seed(0))(torch.ones(100_000))
    assert abs(float((dropped == 0).float().mean()) - 0.25) < 0.01
    assert abs(float(dropped.mean()) - 1) < 0.01


def test_draws_from_its_own_generator_alone():
    made = []
    for state in (1, 2):
        torch.manual_seed(state)
        made.append(Dropout(0.5, torch.Generator().manual_seed(0))(torch.ones(50)))
    assert torch.equal(*made)


def test_does_nothing_in_use():
    values = torch.randn(10, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Dropout(0.5, torch.Generator()).eval()(values), values)
