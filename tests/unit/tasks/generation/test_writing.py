import numpy as np
import pytest
import torch

from tidegate.tasks.generation import passages, writing
from tidegate.tasks.generation.network import Width
from tidegate.tasks.generation.said import Tokens
from tidegate.tasks.generation.sampling import Sampling


def chance():
    return torch.Generator().manual_seed(0)


def test_the_state_after_a_prefix_is_that_of_the_whole(network, monkeypatch):
    one, begun = network(), np.array([[0, 0], [2, 3], [4, 1]], dtype=np.int32)
    whole, _ = one.walk(torch.from_numpy(begun))
    torch.testing.assert_close(writing.after(one, begun)[0], whole[-1])
    monkeypatch.setattr(passages, "MOST_SAID", 1)
    torch.testing.assert_close(writing.after(one, begun)[0], whole[-1])


def test_each_step_is_read_before_the_next_is_drawn(network):
    """Drawn greedily, every token is the most probable after those before it."""
    one, begun = network(said=Tokens(5, ends=False)), np.array([[0], [3]], dtype=np.int32)
    made, _ = writing.continued(one, begun, Sampling(temperature=0), n_steps=6, generator=chance())
    whole = torch.from_numpy(np.concatenate([begun, made.astype(np.int32)]))
    with torch.no_grad():
        said = one.walk(whole)[0][1:-1, 0]
    assert made[:, 0].tolist() == (2 + said[:, 2:].argmax(1)).tolist()


def test_conditions_go_on_beside_every_step(network):
    one = network(Width(5, 0, 2), said=Tokens(5, ends=False))
    begun = np.array([[[0, 1, 0]], [[3, 1, 0]]], dtype=np.float32)
    made, _ = writing.continued(one, begun, Sampling(temperature=0), n_steps=3, generator=chance())
    rows = [[token, 1, 0] for token in made[:2, 0]]
    whole = torch.from_numpy(np.concatenate([begun, np.array(rows, dtype=np.float32)[:, None]]))
    with torch.no_grad():
        said = one.walk(whole)[0][1:, 0]
    assert made[:, 0].tolist() == (2 + said[:, 2:].argmax(1)).tolist()


def test_it_stops_where_all_have_ended():
    class Ends(torch.nn.Module):
        said = Tokens(3, ends=True)

        def walk(self, inputs, state=None):
            n = (0 if state is None else state) + len(inputs)
            scores = torch.zeros(len(inputs), inputs.shape[1], 3)
            scores[:, 0, 0 if n > 3 else 2] = scores[:, 1, 0 if n > 2 else 2] = 50
            return scores, n

    begun = np.zeros((1, 2), dtype=np.int32)
    made, _ = writing.continued(Ends(), begun, Sampling(), n_steps=9, generator=chance())
    assert made.shape == (4, 2)
    assert [writing.ends(made[:, b]) for b in range(2)] == [3, 2]
    assert writing.ends(np.array([2, 2])) == 2


def test_bits_are_of_what_was_written_however_it_was_drawn(quick, pairs):
    model = quick().fit(pairs(200), epochs=5)
    (one,) = model.write(prefix="b", sampling=Sampling(temperature=0.3), seed=2)
    wanted = model.surprises([one.sequence])[0][1:]
    np.testing.assert_allclose(one.surprise, wanted, rtol=1e-4)
    assert one.bits == pytest.approx(wanted.mean() / np.log(2), rel=1e-4)
