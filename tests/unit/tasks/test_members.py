import numpy as np
import torch

from tidegate import SequenceClassifier
from tidegate.tasks.members import Members, apart, probabilities, together


class Fixed(torch.nn.Module):
    def __init__(self, scores):
        super().__init__()
        self.scores = torch.tensor([scores])

    def forward(self, batch):
        return self.scores


def test_several_say_the_mean_of_their_probabilities():
    made = together([Fixed([0.0, 0.0]), Fixed([0.0, 50.0])])(None)
    torch.testing.assert_close(made.exp(), torch.tensor([[0.25, 0.75]]))


def test_one_stays_alone():
    one = Fixed([1.0, 2.0])
    assert together([one]) is one
    assert isinstance(together([one, one]), Members)


def test_members_start_apart_and_the_first_is_the_network_alone(texts, tmp_path):
    data, (X, _) = texts(60), texts(20, seed=1)
    settings = {"hidden_size": 8, "embedding": 8, "n_pieces": 50}
    several = SequenceClassifier(n_members=2, **settings).fit(*data, epochs=2)
    alone = SequenceClassifier(**settings).fit(*data, epochs=2)
    first, second = several._network.networks
    for one, other in zip(first.parameters(), alone._network.parameters(), strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(first.output.weight, second.output.weight)
    assert several.n_parameters_ == 2 * alone.n_parameters_
    several.save(tmp_path / "model")
    import tidegate

    assert np.array_equal(tidegate.load(tmp_path / "model").predict_proba(X), several.predict_proba(X))


def test_several_and_one_alone_are_had_apart_again():
    one, other = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    assert apart(together([one, other])) == [one, other]
    assert apart(together([other])) == [other]


def test_probabilities_of_classes_by_scores():
    items = [np.zeros(3, dtype=np.int32)]
    found = probabilities(together([Fixed([0.0, 0.0]), Fixed([0.0, 50.0])]), items)
    np.testing.assert_allclose(found, [[0.25, 0.75]])
