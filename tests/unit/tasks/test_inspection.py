import numpy as np
import pytest
import torch

from tidegate import SequenceClassifier, SequenceTagger
from tidegate.errors import NotFittedError
from tidegate.tasks.inspection import opened
from tidegate.tasks.members import apart
from tidegate.tasks.sequences import Sequences
from tidegate.training.settings import Training

QUICK = {"hidden_size": 6, "embedding": 6}
FAST = Training(learning_rate=0.02)


@pytest.fixture(scope="module")
def tagger():
    """Each word has its tag, whatever stands beside it."""
    rng = np.random.default_rng(0)
    words = {"ann": "p", "bob": "p", "sees": "o", "and": "o", "sleep": "o"}
    sentences = [[str(one) for one in rng.choice(list(words), rng.integers(2, 6))] for _ in range(80)]
    tags = [[words[word] for word in one] for one in sentences]
    return SequenceTagger(**QUICK, characters=4, layers=2, dropout=0.1, training=FAST).fit(sentences, tags, epochs=20)


def test_gates_are_those_of_the_equations():
    """The update gate of the first step, from the weights."""
    model = SequenceClassifier(**QUICK, n_pieces=0, dropout=0.0).fit(["a b", "c d"] * 4, [0, 1] * 4, epochs=1)
    seen = model.inspect(["a", "d"])
    layers = model._network.branches[0].layers
    with torch.no_grad():
        (item,) = model._data.reader.read(Sequences("tokens", [["a", "d"]]))
        x = model._network.steps.vectors.weight[int(item[0])]
        names = layers.cell.gates
        sums = layers.weight_ih_l0 @ x + layers.bias_ih_l0 + layers.bias_hh_l0
        wanted = torch.sigmoid(sums.reshape(len(names), -1)[names.index("update")])
    np.testing.assert_allclose(seen.layers[0].gates["update"].values[0], wanted, rtol=1e-5)
    assert [layer.title for layer in seen.layers] == ["layer 1, forward", "layer 1, backward"]


def test_every_layer_and_direction_has_its_gates(tagger):
    seen = tagger.inspect(["ann", "and", "zoe"])
    assert [(layer.number, layer.direction) for layer in seen.layers] == [
        (1, "forward"), (1, "backward"), (2, "forward"), (2, "backward")
    ]  # fmt: skip
    assert all(gate.values.shape == (3, 6) for layer in seen.layers for gate in layer.gates.values())
    assert seen.said == tagger.predict([["ann", "and", "zoe"]])[0]


def test_what_each_tag_owes_to_each_step(tagger):
    seen = tagger.inspect(["ann", "sees", "bob"])
    assert seen.contributions.shape == (3, 3)
    assert seen.contributions.diagonal().min() > 0
    assert (seen.contributions.argmax(axis=1) == [0, 1, 2]).all(), "here a word alone says its tag"
    frame = seen.frame()
    assert frame.token.tolist() == ["ann", "sees", "bob"]
    assert frame["where"].tolist() == [0, 1, 2]
    np.testing.assert_allclose(frame["itself"], seen.contributions.diagonal())
    assert "layer 2, backward: forget" in frame


def test_recordings_have_channels(waves):
    X, y = waves(30)
    model = SequenceClassifier(**QUICK).fit(X, y, epochs=1)
    frame = model.inspect(X[0]).frame()
    assert frame.columns.tolist()[:3] == ["channel 0", "channel 1", "contribution"]
    np.testing.assert_array_equal(frame["channel 1"], X[0][:, 1])
    np.testing.assert_array_equal(frame["contribution"], model.contributions(X[:1])[0])


@pytest.mark.parametrize(
    ("settings", "n_layers"), [({"convolution": "alone"}, 0), ({"cell": "elman"}, 2), ({"n_members": 2}, 2)]
)
def test_networks_of_other_designs(settings, n_layers):
    model = SequenceClassifier(**QUICK, **settings).fit(["a b", "c d"] * 4, [0, 1] * 4, epochs=1)
    seen = model.inspect("a d c")
    assert len(seen.layers) == n_layers
    assert all(bool(layer.gates) is (settings.get("cell") != "elman") for layer in seen.layers)
    assert seen.said in {0, 1}


def test_looking_changes_nothing_and_drops_nothing(tagger):
    first_look, again = (tagger.inspect(["bob", "sleep"]) for _ in range(2))
    np.testing.assert_array_equal(first_look.contributions, again.contributions)
    network = apart(tagger._network)[0]
    network.train()
    item = tagger._items(type("S", (), {"kind": "tokens", "items": [["bob", "sleep"]]}), tagger._data)[0]
    seen = opened(network.steps, network.layers, item)
    np.testing.assert_array_equal(seen[0].gates["forget"].values, again.layers[0].gates["forget"].values)
    network.eval()


@pytest.mark.parametrize("estimator", [SequenceClassifier, SequenceTagger])
def test_nothing_is_seen_before_fit(estimator):
    with pytest.raises(NotFittedError):
        estimator().inspect(["a"])
