import numpy as np
import pytest
import torch

import tidegate
from tidegate.tasks.generation.members import Mixed
from tidegate.tasks.generation.said import Notes, Tokens
from tidegate.tasks.generation.sampling import Sampling


def chance():
    return torch.Generator().manual_seed(0)


def test_a_step_has_the_mean_of_the_probabilities():
    said = Mixed((Notes(2), Notes(2)))
    target = torch.tensor([[[1.0, 1.0]], [[torch.nan, torch.nan]]])
    made = torch.tensor([[[9.0, 9.0, -9.0, -9.0]], [[9.0, 9.0, -9.0, -9.0]]])
    found = said.surprise(made, target)
    assert found[0, 0].item() == pytest.approx(np.log(2), abs=1e-3)  # sure of both keys, or of neither
    assert found[1, 0] == 0
    assert said.told(made[0])[0].tolist() == pytest.approx([0.5, 0.5])
    assert said.n_outputs == 4


def test_keys_are_drawn_from_one_of_them_and_tokens_from_all():
    made = torch.tensor([[20.0, 20.0, -20.0, -20.0]]).expand(2_000, 4)
    drawn = Mixed((Notes(2), Notes(2))).next(made, Sampling(), chance())
    assert torch.equal(drawn[:, 0], drawn[:, 1])
    assert drawn[:, 0].mean() == pytest.approx(0.5, abs=0.05)
    assert Mixed((Notes(2), Notes(2))).next(made, Sampling(temperature=0), chance()).eq(1).all()
    scores = torch.tensor([[0.0, 0.0, 5.0, 4.9, 0.0, 0.0, -9.0, 4.9]])  # what the second finds impossible loses
    said = Mixed((Tokens(4, ends=False), Tokens(4, ends=False)))
    assert said.next(scores, Sampling(temperature=0), chance()).tolist() == [3]
    assert said.told(scores).sum() == pytest.approx(1)


@pytest.mark.parametrize("case", ["texts", "long", "chords"])
def test_members_start_apart_and_the_first_is_the_network_alone(quick, pairs, chords, case, tmp_path):
    X = {"texts": pairs(30), "long": "tide and gate " * 40, "chords": chords(20)}[case]
    joint = case == "chords"
    several, alone = (quick(n_members=n, joint=joint).fit(X, epochs=2, batch_size=8) for n in (2, 1))
    first, second = several._network.networks
    for one, other in zip(first.parameters(), alone._network.parameters(), strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(first.output.weight, second.output.weight)
    each = []
    for network in (first, second):
        alone._network = network
        each.append(alone.surprises(X))
    for both, one, other in zip(several.surprises(X), *each, strict=True):
        np.testing.assert_allclose(both, -np.log((np.exp(-one) + np.exp(-other)) / 2), rtol=1e-4, atol=1e-6)
    several.save(tmp_path / "model")
    again = tidegate.load(tmp_path / "model")
    for one, other in zip(several.generate(3, length=5), again.generate(3, length=5), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(several.inspect(X if case == "long" else X[0]).surprise) == len(X if case == "long" else X[0])


def test_several_are_less_surprised_than_one(quick, pairs):
    one, several = (quick(n_members=n).fit(pairs(60), epochs=20) for n in (1, 3))
    assert several.bits(pairs(100, seed=1)) < one.bits(pairs(100, seed=1))
