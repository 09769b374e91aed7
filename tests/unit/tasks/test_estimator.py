"""What the classifier and the tagger do not show each by itself."""

import numpy as np
import pytest
from sklearn.base import clone

import tidegate
from tidegate import (
    AnomalyDetector,
    SequenceClassifier,
    SequenceGenerator,
    SequenceTagger,
    SequenceTranscriber,
    SequenceTranslator,
)
from tidegate.errors import NotFittedError, SettingError, TrainingError
from tidegate.tasks import fitting
from tidegate.tasks.estimator import SequenceEstimator
from tidegate.training.checkpoints import kept_in
from tidegate.training.settings import Training

OF_TOKENS = [SequenceClassifier, SequenceTagger]
ESTIMATORS = [*OF_TOKENS, SequenceTranscriber]
DATA = {
    SequenceClassifier: ([["a"], ["b"]], [0, 1]),
    SequenceTagger: ([["a"], ["b"]], [[0], [1]]),
    SequenceTranscriber: ([[1.0, 2.0], [2.0, 1.0]], ["a", "b"]),
}


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_table_of_limits_is_about_settings(estimator):
    names = {*estimator._CHOICES, *estimator._LEAST, *estimator._FRACTIONS, *estimator._SWITCHES}
    assert names <= set(estimator().get_params())
    for name in names:
        with pytest.raises(SettingError, match=rf"^{name} is -1; it must be "):
            estimator(**{name: -1}).fit(*DATA[estimator])
        with pytest.raises(SettingError, match=rf"^{name} is -1; it must be "):
            estimator(**{name: -1})._check_settings()


@pytest.mark.parametrize("estimator", OF_TOKENS)
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"vocabulary": "words.txt"}, r"vocabulary is 'words.txt'; it must be a Vocabulary, such as Vocabulary\(file="),
        ({"vectors": 3}, "vectors is 3; it must be the path of a file, or None"),
        ({"cell": 3}, "There is no cell '3'"),
        ({"training": Training(patience=0)}, "training: patience is 0"),
    ],
)
def test_settings_of_another_kind_are_refused_without_a_fit(estimator, settings, said):
    with pytest.raises(SettingError, match=said):
        estimator(**settings)._check_settings()


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_switch_is_checked(estimator):
    switches = {name for name, value in estimator().get_params().items() if isinstance(value, bool)}
    assert switches == set(estimator._SWITCHES)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_two_processes_share_each_batch(estimator):
    """What is learned travels to the other process."""
    X, y = DATA[estimator]
    model = estimator(hidden_size=2, training=Training(processes=2, held_out_fraction=0.0))
    model.fit(X * 2, y * 2, epochs=2, validation=None)
    assert model.losses_.updates == (0, 1, 2)
    assert model.losses_.training[-1] > 0


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(("argument", "value"), [("epochs", 0), ("batch_size", 1.5), ("validation", True)])
def test_arguments_of_fit_outside_their_limits(estimator, argument, value):
    with pytest.raises(SettingError, match=f"^{argument} is {value}; it must be "):
        estimator().fit(*DATA[estimator], **{argument: value})


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_parameters_are_counted_and_the_course_is_kept(estimator):
    model = estimator(hidden_size=2).fit(*DATA[estimator], epochs=2, validation=None)
    assert model.n_parameters_ == sum(one.numel() for one in model._network.parameters()) > 0
    assert model.losses_.updates == (0, 1, 2)
    assert model.history_["epoch"] == [0, 1, 2]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_nothing_is_saved_before_fit(estimator, tmp_path):
    with pytest.raises(NotFittedError, match=f"This {estimator.__name__} has learned nothing yet: call fit first"):
        estimator().save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_a_task_says_the_rest():
    bare = SequenceEstimator()
    for ask in (lambda: bare._drawn(None, None), lambda: bare._remembered({}), lambda: bare._took(None)):
        with pytest.raises(NotImplementedError):
            ask()


@pytest.mark.parametrize("estimator", OF_TOKENS)
def test_known_tokens_start_from_the_vectors_of_a_file(estimator, tmp_path):
    """Without learning anything they keep them; others are random, of about that size."""
    path = tmp_path / "v.txt"
    path.write_text("a 10 -20 30\nz 1 1 1\n")
    still = Training(learning_rate=1e-30, weight_decay=0.0)
    settings = {"embedding": 3, "hidden_size": 2, "training": still}
    model = estimator(vectors=path, **settings).fit(*DATA[estimator], epochs=1, validation=None)
    found = model._network.steps.vectors.weight
    vocabulary = model._data.reader.vocabulary
    assert found[vocabulary.encode(["a"])[0]].tolist() == [10, -20, 30]
    assert found[vocabulary.encode(["b"])[0]].abs().max() > 3
    plain = estimator(**settings).fit(*DATA[estimator], epochs=1, validation=None)
    assert plain._network.steps.vectors.weight.abs().max() < 3
    assert clone(model).get_params()["vectors"] == path
    model.save(tmp_path / "model")
    path.unlink()
    back = tidegate.load(tmp_path / "model")
    assert (back._network.steps.vectors.weight == found).all()
    assert back.get_params()["vectors"] == path


def test_vectors_that_cannot_be_used(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("z 1 2\n")
    with pytest.raises(SettingError, match=r"has none of the 4 tokens of training"):
        SequenceTagger(vectors=path, embedding=2).fit(*DATA[SequenceTagger])
    with pytest.raises(SettingError, match=r"embedding is 100; the vectors of v\.txt have 2"):
        SequenceTagger(vectors=path).fit(*DATA[SequenceTagger])
    with pytest.raises(SettingError, match="vectors are of tokens; leave them out for sequences of numbers"):
        SequenceClassifier(vectors=path).fit([[1.0, 2.0], [2.0, 3.0]], [0, 1])


def test_another_file_of_vectors_is_another_run(tmp_path):
    """A checkpoint is not taken up when what the path holds has changed."""
    path, settings = tmp_path / "v.txt", {"embedding": 2, "hidden_size": 2}
    with kept_in(tmp_path / "runs"):
        for line in ("a 1 2\n", "a 2 1\n"):
            path.write_text(line)
            SequenceTagger(vectors=path, **settings).fit(*DATA[SequenceTagger], epochs=1)
    assert len(list((tmp_path / "runs").iterdir())) == 2


def test_networks_share_the_budget(monkeypatch):
    seen, fit = [], fitting.fitted

    def watched(*given, training, **settings):
        seen.append(training.budget)
        return fit(*given, training=training, **settings)

    monkeypatch.setattr(fitting, "fitted", watched)
    model = SequenceClassifier(hidden_size=2, embedding=2, n_members=3, training=Training(budget=60.0))
    model.fit(*DATA[SequenceClassifier], epochs=1)
    assert seen == [20.0] * 3


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_list_to_judge_by_is_refused_without_its_data(estimator):
    with pytest.raises(SettingError, match=r"^validation is a list; it must be a fraction below 1, a pair"):
        estimator().fit(*DATA[estimator], validation=list(DATA[estimator]))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_what_is_held_out_by_size_is_among_what_may_be_said(estimator):
    with pytest.raises(SettingError, match=r"validation is 'some'; .*, 'auto' or None"):
        estimator().fit(*DATA[estimator], validation="some")


@pytest.mark.parametrize("estimator", OF_TOKENS)
@pytest.mark.parametrize(("n_pairs", "held"), [(249, 0), (250, 50)])
def test_how_long_and_what_is_held_out_go_by_the_size(estimator, n_pairs, held, monkeypatch):
    """A tenth of 500 or more, and as many epochs over the rest as make 1,500 updates."""
    seen = []

    def stopped(network, losses, known, schedule, **_):
        seen.append((len(known[0]), len(known[1] or ()), schedule.epochs))
        raise TrainingError("seen enough")

    monkeypatch.setattr(fitting, "fitted", stopped)
    X, y = DATA[estimator]
    with pytest.raises(TrainingError):
        estimator(hidden_size=2, embedding=2).fit(X * n_pairs, y * n_pairs, batch_size=10)
    learned = 2 * n_pairs - held
    assert seen == [(learned, held, -(-1_500 // -(-learned // 10)))]


@pytest.mark.parametrize(
    ("model", "n_examples", "wanted"),
    [
        (SequenceClassifier(seed=3), 0, (1, 32, 3)),
        (SequenceClassifier(), 64, (500, 32, 0)),
        (SequenceTagger(), 10_000, (8, 32, 0)),
        (SequenceTranslator(), 12_800, (20, 64, 0)),
        (SequenceTranslator(), 10, (200, 64, 0)),
    ],
)
def test_how_long_a_run_is_where_nothing_is_said(model, n_examples, wanted):
    assert model._schedule(None, None, n_examples) == wanted
    assert model._schedule(2, 5, n_examples)[:2] == (2, 5)


NUMPYS = {
    SequenceClassifier: {"embedding": 4, "n_pieces": 10, "dropout": 0.25},
    SequenceTagger: {"embedding": 4, "characters": 4},
    SequenceTranscriber: {"convolution": 4, "stacked": 1, "layers": 1},
    SequenceGenerator: {"layers": 1},
    SequenceTranslator: {"embedding": 4, "layers": 1},
    AnomalyDetector: {"window": 8, "false_alarms": 0.125},
}
WAVES = np.sin(np.arange(400.0)).reshape(20, 20)
MORE = DATA | {
    SequenceGenerator: (WAVES,),
    SequenceTranslator: (["a b"] * 4, ["b a"] * 4),
    AnomalyDetector: (np.sin(np.arange(600.0)),),
}


@pytest.mark.parametrize("estimator", NUMPYS)
def test_numbers_of_numpy_are_settings_like_others(estimator, tmp_path):
    """As a grid of them gives; the fitted and the saved are those of plain numbers."""
    settings = {"hidden_size": 4, "seed": 1} | NUMPYS[estimator]
    theirs = {name: np.asarray(value)[()] for name, value in settings.items()}
    models = [estimator(**one).fit(*MORE[estimator], epochs=1) for one in (settings, theirs)]
    models[1].save(tmp_path / "model")
    for other in (models[1], tidegate.load(tmp_path / "model")):
        np.testing.assert_equal(other.history_, models[0].history_)


def test_a_held_out_fraction_may_be_a_number_of_numpy():
    X, y = [["a"], ["b"]] * 20, [0, 1] * 20
    plain, theirs = (
        SequenceClassifier(hidden_size=4, embedding=4).fit(X, y, epochs=2, validation=fraction).history_
        for fraction in (0.25, np.float32(0.25))
    )
    np.testing.assert_equal(theirs, plain)


def test_a_seed_beyond_what_a_generator_takes_is_refused():
    with pytest.raises(SettingError, match=r"seed is .*; it must be below 2 to the power of 63"):
        SequenceClassifier(seed=2**63).fit(*DATA[SequenceClassifier])


def test_what_is_set_after_the_fit_is_not_saved(tmp_path):
    model = SequenceClassifier(hidden_size=4, embedding=4).fit(*DATA[SequenceClassifier], epochs=1)
    said = model.predict_proba([["a"]])
    model.set_params(hidden_size=8).save(tmp_path / "model")
    again = tidegate.load(tmp_path / "model")
    assert (again.hidden_size, again.n_learned_, again.n_held_out_) == (4, 2, 0)
    assert (again.predict_proba([["a"]]) == said).all()
