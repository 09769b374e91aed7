import numpy as np
import pytest
import torch
from scipy.stats import norm

from tidegate.tasks.generation.network import Width
from tidegate.tasks.generation.said import Notes, Tokens, Values, said_of
from tidegate.tasks.generation.sampling import Sampling

NAN = torch.nan


def chance():
    return torch.Generator().manual_seed(0)


def test_the_surprise_of_tokens_is_their_negative_log_probability():
    made = torch.randn(3, 2, 5, generator=chance())
    target = torch.tensor([[1, 4], [0, 2], [3, -1]])
    found = Tokens(5, ends=True).surprise(made, target)
    wanted = -made.log_softmax(2)
    assert found[1, 1] == pytest.approx(wanted[1, 1, 2].item())
    assert found[2, 0] == pytest.approx(wanted[2, 0, 3].item())
    assert found[2, 1] == 0


def test_the_surprise_of_notes_is_summed_over_the_keys():
    made = torch.randn(2, 1, 3, generator=chance())
    target = torch.tensor([[[1.0, 0.0, 1.0]], [[NAN] * 3]])
    p = made.sigmoid()[0, 0]
    found = Notes(3).surprise(made, target)
    assert found[0, 0] == pytest.approx(-(p[0] * (1 - p[1]) * p[2]).log().item(), rel=1e-5)
    assert found[1, 0] == 0


def test_the_surprise_of_values_is_that_of_normal_ones():
    made, target = torch.tensor([[[0.5, -1.0, 0.2, -0.3]]]), torch.tensor([[[1.0, 1.0]]])
    wanted = -norm.logpdf([1, 1], [0.5, -1], np.exp([0.2, -0.3])).sum()
    assert Values(2).surprise(made, target).item() == pytest.approx(wanted, rel=1e-5)
    assert Values(2).surprise(made, target * NAN).item() == 0


def test_an_unknown_token_is_never_drawn_and_an_end_only_where_there_is_one():
    made = torch.tensor([[9.0, 9.0, 0.0, 0.0]]).expand(500, 4)
    assert set(Tokens(4, ends=True).next(made, Sampling(), chance()).tolist()) <= {0, 2, 3}
    assert set(Tokens(4, ends=False).next(made, Sampling(), chance()).tolist()) == {2, 3}
    assert made[0, 1] == 9


def test_notes_and_values_follow_the_temperature():
    made = torch.tensor([[2.0, -2.0]]).expand(4_000, 2)
    rates = [Notes(2).next(made, Sampling(temperature=t), chance()).mean(0)[0].item() for t in (1, 0.5, 0)]
    assert rates == pytest.approx([0.881, 0.982, 1], abs=0.02)
    values = torch.tensor([[3.0, 0.0]]).expand(4_000, 2)
    spreads = [Values(1).next(values, Sampling(temperature=t), chance()).std().item() for t in (1, 0.5, 0)]
    assert spreads == pytest.approx([1, 0.5, 0], abs=0.03)


def test_notes_at_the_least_temperature_are_sure_unless_the_score_is_0():
    made = torch.tensor([[2.0, -2.0, 0.0]]).expand(4_000, 3)
    rates = Notes(3).next(made, Sampling(temperature=1e-310), chance()).mean(0).tolist()
    assert rates == pytest.approx([1, 0, 0.5], abs=0.02)


def test_what_is_told():
    made = torch.tensor([[0.0, 1.0]])
    assert Tokens(2, ends=True).told(made).sum() == pytest.approx(1)
    assert Notes(2).told(made)[0].tolist() == pytest.approx([0.5, 0.7310586])
    assert Values(1).told(made).tolist() == [[0.0]]


def test_the_kind_decides():
    assert [said_of(kind, Width(4, 3, 2), ends=False).n_outputs for kind in ("tokens", "notes", "values")] == [4, 3, 6]
