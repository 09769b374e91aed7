import numpy as np
import pytest
import torch

from tidegate import SequenceClassifier, load
from tidegate.data.films import films
from tidegate.errors import DataError
from tidegate.nn.initialisation import built
from tidegate.tasks.frames import FrameEncoder
from tidegate.tasks.limits import kept_per_step

SMALL = {"hidden_size": 8, "embedding": 8, "dropout": 0.0}


@pytest.mark.parametrize("frame", [(16, 16), (1, 1), (5, 12)])
def test_each_frame_becomes_a_vector_by_itself(frame):
    made = built(lambda: FrameEncoder(frame, 6), torch.Generator().manual_seed(0))
    inputs = torch.randn(4, 2, frame[0] * frame[1], generator=torch.Generator().manual_seed(1))
    told = made(inputs)
    assert told.shape == (4, 2, 6)
    torch.testing.assert_close(made(inputs[2:3, 1:])[0, 0], told[2, 1])
    assert not torch.allclose(told[0, 0], told[1, 0])


def test_neighbours_in_a_frame_are_seen_as_such():
    """A convolution of 3 by 3 tells a mark from the same mark one row below, whichever way frames are flattened."""
    made = built(lambda: FrameEncoder((4, 6), 3), torch.Generator().manual_seed(0))
    frames = np.zeros((2, 4, 6))
    frames[0, 1, 2] = frames[1, 2, 2] = 1
    first = made.convolutions[0](torch.as_tensor(frames[:, None], dtype=torch.float32))
    flat = torch.as_tensor(frames.reshape(2, 1, 24), dtype=torch.float32)
    own = flat.reshape(-1, 1, *made.frame)
    torch.testing.assert_close(made.convolutions[0](own), first)


def test_what_is_kept_of_a_frame_counts():
    assert kept_per_step(FrameEncoder((16, 16), 10)) == 4 * (16 * 64 + 32 * 16)


@pytest.fixture(scope="module")
def named():
    made = films(240, seed=3)
    ways = np.array([name.split()[1] for name in made.names])
    model = SequenceClassifier(**SMALL | {"hidden_size": 24, "embedding": 24})
    return made, ways, model.fit(made.frames[:200], ways[:200], epochs=20, validation=None)


def test_which_way_a_shape_goes_is_learned(named):
    """Of one frame nothing can be told: the answer lies in what changes."""
    made, ways, model = named
    assert model.score(made.frames[200:], ways[200:]) > 0.9
    told = model.inspect(made.frames[200])
    assert told.contributions.shape == (len(made.frames[200]),)


def test_a_model_of_films_is_saved_and_remembers_their_size(named, tmp_path):
    made, _, model = named
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    few = made.frames[200:204]
    np.testing.assert_array_equal(again.predict_proba(few), model.predict_proba(few))
    with pytest.raises(DataError, match="hold frames of 8 by 16, those of training held frames of 16 by 16"):
        again.predict([one[:, :8] for one in few])
    with pytest.raises(DataError, match="hold steps that are no frames"):
        again.predict([one.reshape(len(one), -1) for one in few])


def test_what_was_found_is_a_row_of_features(named):
    made, _, model = named
    found = model.transform(made.frames[200:205])
    assert found.shape == (5, 2 * 2 * 24)
    network = model._network
    with torch.no_grad():
        said = network.output(torch.as_tensor(found, dtype=torch.float32)).softmax(dim=1).numpy()
    np.testing.assert_allclose(said, model.predict_proba(made.frames[200:205]), atol=1e-5)


def test_several_networks_find_side_by_side():
    made = films(24, seed=0)
    model = SequenceClassifier(**SMALL, n_members=2).fit(made.frames, made.names, epochs=1, validation=None)
    assert model.transform(made.frames[:3]).shape == (3, 2 * 2 * 2 * 8)
