import pytest
import torch

from tidegate.errors import SettingError
from tidegate.insight.adding import CHANCE, Adder, adding, sequences
from tidegate.nn.initialisation import built


def test_the_sum_is_that_of_one_marked_number_in_each_half():
    found = sequences(200, 21, torch.Generator().manual_seed(1))
    numbers, marks = found.inputs.unbind(-1)
    assert (marks[:10].sum(0) == 1).all()
    assert (marks[10:].sum(0) == 1).all()
    assert ((numbers >= 0) & (numbers < 1)).all()
    torch.testing.assert_close(found.sums, (numbers.T[marks.T.bool()]).reshape(200, 2).sum(1))
    assert marks[0].any()
    assert marks[-1].any()


def test_always_saying_one_has_the_stated_error():
    sums = sequences(40_000, 10, torch.Generator().manual_seed(2)).sums
    assert (sums - 1).square().mean().item() == pytest.approx(CHANCE, rel=0.03)


def test_networks_stand_side_by_side_with_their_training():
    found = adding(("elman", "gru"), n_steps=12, n_updates=60, seed=3)
    assert [one.scene.name for one in found] == ["elman", "gru"]
    assert [len(one.layers[0].gates) for one in found] == [0, 2]
    for one in found:
        assert one.layers[0].hidden.shape == (2, 12)
        assert len(one.scene.marked) == 2
        assert one.course is not None
        assert one.contributions is None
        assert one.notes[0].startswith("On 512 sequences that it had not seen its mean squared error is 0.")
        assert one.sentences()


def test_the_same_seed_gives_the_same_bits():
    first, second = (adding(("lstm",), n_steps=10, n_updates=20, seed=5)[0].arrays() for _ in range(2))
    assert all((first[name] == second[name]).all() or name.startswith("training") for name in first)


@pytest.mark.slow
def test_on_long_sequences_the_gated_cells_remember_and_elman_does_not():
    elman, lstm, gru = adding()
    error = {one.scene.name: float(one.notes[0].partition(" is ")[2].partition(";")[0]) for one in (elman, lstm, gru)}
    assert error["lstm"] < 0.01 < 0.1 < error["elman"]
    assert error["gru"] < 0.01
    assert elman.diagnosis.state == "vanishing"
    assert lstm.diagnosis.state == gru.diagnosis.state == "healthy"


def test_what_cannot_be_added_is_refused():
    with pytest.raises(SettingError, match="n_steps is 9; the adding problem needs at least 10"):
        adding(n_steps=9)
    with pytest.raises(SettingError, match="There is no cell 'lsmt'"):
        adding(("lsmt",), n_steps=10, n_updates=1)


def test_the_sum_is_read_from_the_final_state():
    network = built(lambda: Adder("lstm", 4), torch.Generator().manual_seed(0))
    inputs = torch.rand(7, 3, 2, generator=torch.Generator().manual_seed(1))
    outputs, _ = network.layers(inputs)
    torch.testing.assert_close(network(inputs), network.output(outputs[-1])[:, 0])
