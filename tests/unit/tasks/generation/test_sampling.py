import pytest
import torch

from tidegate.errors import SettingError
from tidegate.tasks.generation.sampling import Sampling, drawn

SCORES = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()


def shares(sampling, n=20_000):
    found = drawn(SCORES.expand(n, 4), sampling, torch.Generator().manual_seed(0))
    return torch.bincount(found, minlength=4) / n


def test_tokens_are_drawn_as_often_as_they_are_probable():
    torch.testing.assert_close(shares(Sampling()), torch.tensor([0.5, 0.3, 0.15, 0.05]), atol=0.015, rtol=0)


def test_a_low_temperature_sharpens_and_zero_decides():
    squared = torch.tensor([0.25, 0.09, 0.0225, 0.0025])
    torch.testing.assert_close(shares(Sampling(temperature=0.5)), squared / squared.sum(), atol=0.015, rtol=0)
    assert shares(Sampling(temperature=0)).tolist() == [1, 0, 0, 0]


def test_the_least_temperature_there_is_draws_the_most_probable_alone():
    assert shares(Sampling(temperature=5e-324)).tolist() == [1, 0, 0, 0]
    tied = drawn(torch.tensor([[-torch.inf, 2.0, 2.0, 1.0]]).expand(200, 4), Sampling(1e-310), torch.Generator())
    assert set(tied.tolist()) == {1, 2}


def test_the_most_probable_alone_are_drawn_from():
    torch.testing.assert_close(shares(Sampling(top_k=2)), torch.tensor([0.625, 0.375, 0, 0]), atol=0.015, rtol=0)
    torch.testing.assert_close(
        shares(Sampling(top_p=0.81)), torch.tensor([0.5, 0.3, 0.15, 0]) / 0.95, atol=0.015, rtol=0
    )
    assert shares(Sampling(top_p=0.01)).tolist() == [1, 0, 0, 0]
    assert shares(Sampling(top_k=9, top_p=0.4)).tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("sampling", "said"),
    [
        (Sampling(temperature=-0.1), "temperature is -0.1; it must be a number, at least 0"),
        (Sampling(temperature=float("nan")), "temperature is nan"),
        (Sampling(temperature="hot"), "temperature is 'hot'"),
        (Sampling(top_k=0), "top_k is 0; it must be a whole number, at least 1"),
        (Sampling(top_p=0), "top_p is 0; it must be a number above 0, at most 1"),
        (Sampling(top_p=1.5), r"top_p is 1\.5"),
    ],
)
def test_settings_outside_their_limits_are_refused(sampling, said):
    with pytest.raises(SettingError, match=said):
        sampling.check(tokens=True)


def test_what_ranks_tokens_is_refused_for_numbers():
    Sampling(temperature=0.5).check(tokens=False)
    with pytest.raises(SettingError, match="top_k ranks tokens"):
        Sampling(top_k=3).check(tokens=False)
