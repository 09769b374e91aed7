import torch

from tidegate.nn.dropout import Dropout, dropped


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


def test_without_a_generator_it_is_torchs():
    values = torch.randn(50, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(3)
    expected = torch.nn.functional.dropout(values, 0.4)
    torch.manual_seed(3)
    assert torch.equal(dropped(values, 0.4, None), expected)


def test_what_is_left_is_scaled_up():
    values = torch.randn(200, generator=torch.Generator().manual_seed(0))
    made = dropped(values, 0.75, torch.Generator().manual_seed(1))
    torch.testing.assert_close(made[made != 0], 4 * values[made != 0])


def test_everything_can_be_dropped():
    for generator in (None, torch.Generator()):
        assert torch.equal(dropped(torch.full((9,), 2.0), 1.0, generator), torch.zeros(9))
