"""Saved models: nothing lost, nothing executed, and every kind of damage refused."""

import json
import sys
import types
from dataclasses import replace

import numpy as np
import pytest

from tidegate import archive
from tidegate.errors import NotFittedError, StorageError
from tidegate.forecasters import arima, naive, registry, smoothing, storage
from tidegate.forecasters.base import Forecaster
from tidegate.forecasters.ensemble import Ensemble
from tidegate.panel import Covariates, Panel

MODELS = [
    naive.Naive(),
    naive.SeasonalNaive(),
    naive.Drift(),
    naive.HistoricMean(),
    naive.MovingAverage(),
    naive.MovingAverage(window=5),
    smoothing.SimpleSmoothing(),
    smoothing.HoltWinters(season="additive", damped=False),
    smoothing.ETS(),
    smoothing.Theta(),
    smoothing.MSTL(),
    smoothing.Croston(alpha=0.2, unbiased=True),
    arima.AR(),
    arima.MA(order=2),
    arima.ARMA(order=(1, 1)),
    arima.ARIMA(order=(0, 1, 1)),
    arima.SARIMA(order=(0, 1, 1), seasonal_order=(0, 1, 1)),
]


def panel(length=60):
    rng = np.random.default_rng(5)
    steps = np.arange(length)
    first = 40 + 0.3 * steps + 6 * np.sin(2 * np.pi * steps / 12) + rng.normal(size=length)
    months = np.arange("2001-01", "2011-01", dtype="M8[M]").astype("M8[ns]").astype(np.int64)
    return Panel(
        ids=np.array(["one", 2], dtype=object),
        offsets=np.array([0, length, 2 * length - 7]),
        times=np.concatenate([months[:length], months[7:length]]),
        values=np.concatenate([first, 3 * first[7:][::-1]]),
        frequency="MS",
        seasons=(12,),
    )


@pytest.fixture
def saved(tmp_path):
    naive.MovingAverage().fit(panel(), horizon=3).save(tmp_path / "model")
    return tmp_path / "model"


def rewrite(folder, change):
    """Change the config of a saved model as someone would who also repairs its checksum."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config.pop("checksum")
    change(config)
    path.write_text(json.dumps({**config, "checksum": archive.checksum(config)}))


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_a_loaded_model_forecasts_the_same_bits_without_refitting(model, tmp_path, monkeypatch):
    whole = panel()
    model.fit(whole.before(whole.lengths - 4, 3), horizon=3)
    expected = [model.forecast(data, levels=[80, 95]) for data in (None, whole)]
    model.save(tmp_path / "model")
    monkeypatch.setattr(type(model), "_fit", None)
    again = storage.load(tmp_path / "model")
    assert type(again) is type(model)
    assert again.get_params() == model.get_params()
    assert again.n_parameters == model.n_parameters
    assert again.notes_ == model.notes_
    for data, before in zip((None, whole), expected, strict=True):
        after = again.forecast(data, levels=[80, 95])
        assert np.array_equal(before.mean, after.mean)
        assert np.array_equal(before.intervals.lower, after.intervals.lower)
        assert np.array_equal(before.intervals.upper, after.intervals.upper)
        assert before.ids.tolist() == after.ids.tolist()


def test_a_folder_of_results_is_as_good_as_the_model_inside(saved, tmp_path):
    assert saved == tmp_path / "model"
    outer, inner = (storage.load(folder).forecast().mean for folder in (tmp_path, saved))
    assert np.array_equal(outer, inner)


def test_the_config_says_what_the_model_was_fitted_on(saved):
    config = json.loads((saved / "config.json").read_text())
    assert config["class"] == "tidegate.forecasters.naive:MovingAverage"
    assert config["data"]["first"].startswith("2001-01-01")
    assert config["data"]["last"].startswith("2005-12-01")
    assert config["data"]["series"] == 2
    assert config["data"]["fingerprint"] == storage.fingerprint(storage.load(saved).history_)
    assert "numpy" in config["versions"]


def test_no_file_holds_code(saved):
    assert {path.suffix for path in saved.iterdir()} == {".json", ".safetensors"}


def test_an_unfitted_model_is_not_saved(tmp_path):
    with pytest.raises(NotFittedError, match=r"This Naive is not fitted. Call fit"):
        naive.Naive().save(tmp_path / "model")


def test_an_existing_folder_is_not_overwritten(saved):
    with pytest.raises(StorageError, match=r"model exists already. Choose another folder or remove it"):
        storage.load(saved).save(saved)


def test_a_place_that_is_a_file_is_refused(saved, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot be written.*Choose a folder you may write to"):
        storage.load(saved).save(tmp_path / "file" / "model")


def test_a_full_disk_leaves_nothing_behind(saved, tmp_path, monkeypatch):
    model = storage.load(saved)

    def fail(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", fail)
    with pytest.raises(StorageError, match=r"No space left on device. Free space or choose another folder"):
        model.save(tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_state_that_is_no_tree_is_refused(tmp_path):
    model = naive.Naive().fit(panel(), horizon=1)
    model._state = lambda: {"inner": object()}
    with pytest.raises(StorageError, match=r"state.model.inner holds a object, which cannot be saved safely"):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


class Own(naive.Naive):
    name = "own"


def test_a_model_of_your_own_is_saved_and_loaded_once_registered(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_REGISTRY", dict(registry._REGISTRY))
    monkeypatch.setitem(sys.modules, Own.__module__, sys.modules.get(Own.__module__, types.SimpleNamespace(Own=Own)))
    model = Own().fit(panel(), horizon=2)
    with pytest.raises(StorageError, match=r"Own could not be loaded again: .*registry\.register first"):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())
    registry.register(registry.Entry("own", f"{Own.__module__}:Own", "Mine."))
    model.save(tmp_path / "model")
    assert np.array_equal(storage.load(tmp_path / "model").forecast().mean, model.forecast().mean)


def test_a_state_nested_without_end_is_refused(saved):
    def nest(config):
        for _ in range(700):
            config["settings"] = [config["settings"]]

    rewrite(saved, nest)
    with pytest.raises(StorageError, match="is damaged"):
        storage.load(saved)


def test_weights_of_another_size_are_refused(saved, monkeypatch):
    def mismatch(self, state):
        raise RuntimeError("size mismatch for weight_ih_l0")

    monkeypatch.setattr(naive.MovingAverage, "_restore", mismatch)
    with pytest.raises(StorageError, match=r"is damaged .*size mismatch"):
        storage.load(saved)


def test_the_fingerprint_changes_with_names_and_labels():
    known = [
        Covariates(("sky",), np.zeros((113, 1)), {"sky": ("clear",)}),
        Covariates(("sky",), np.zeros((113, 1)), {"sky": ("rain",)}),
        Covariates(("sea",), np.zeros((113, 1)), {"sea": ("clear",)}),
    ]
    assert len({storage.fingerprint(replace(panel(), known=one)) for one in known}) == 3


def test_an_empty_folder_is_no_model(tmp_path):
    with pytest.raises(StorageError, match=r"is not a saved model: it holds no config.json"):
        storage.load(tmp_path)
    assert not storage.is_model(tmp_path)


def test_a_model_is_found_in_its_folder_and_in_that_of_a_run(saved, tmp_path):
    assert storage.is_model(saved)
    (tmp_path / "run").mkdir()
    saved.rename(tmp_path / "run" / "model")
    assert storage.is_model(tmp_path / "run")
    assert not storage.is_model(tmp_path / "absent")


def test_truncated_config(saved):
    text = (saved / "config.json").read_text()
    for part in range(1, len(text) - 1, len(text) // 29):
        (saved / "config.json").write_text(text[:part])
        with pytest.raises(StorageError, match=r"config.json is (cut short|damaged at line).*Fit and save again"):
            storage.load(saved)
    (saved / "config.json").write_text(text[: text.index('"class"') + 12])
    with pytest.raises(StorageError, match=r"config.json is cut short\. Fit and save again"):
        storage.load(saved)


@pytest.mark.parametrize(("content", "said"), [("", "is empty"), (" \n", "is empty"), ("{ x", "is damaged at line 1")])
def test_a_config_that_is_none(saved, content, said):
    (saved / "config.json").write_text(content)
    with pytest.raises(StorageError, match=rf"config\.json {said}.*Fit and save again"):
        storage.load(saved)


def test_endlessly_nested_config(saved):
    (saved / "config.json").write_text("[" * 100_000)
    with pytest.raises(StorageError, match=r"config.json cannot be read"):
        storage.load(saved)


@pytest.mark.parametrize("content", ["[]", "{}", '"text"', '{"format": 1}'])
def test_config_of_another_kind(saved, content):
    (saved / "config.json").write_text(content)
    with pytest.raises(StorageError, match=r"config.json is damaged: it lacks .*class"):
        storage.load(saved)


def test_another_format(saved):
    rewrite(saved, lambda config: config.update(format=99))
    with pytest.raises(StorageError, match=r"has format 99; this version reads 1"):
        storage.load(saved)


def test_a_changed_number_in_the_config(saved):
    text = (saved / "config.json").read_text()
    (saved / "config.json").write_text(text.replace('"series": 2', '"series": 3'))
    with pytest.raises(StorageError, match="was changed after saving"):
        storage.load(saved)


def test_any_flipped_byte_of_the_weights(saved):
    path = saved / "weights.safetensors"
    content = path.read_bytes()
    for place in range(0, len(content), len(content) // 17):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(StorageError, match=r"weights.safetensors was changed after saving"):
            storage.load(saved)


def test_any_flipped_byte_of_the_config(saved):
    path = saved / "config.json"
    content = path.read_bytes()
    for place in range(0, len(content), len(content) // 41):
        if content[place : place + 1].isspace():
            continue
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(StorageError):
            storage.load(saved)


def test_missing_weights(saved):
    (saved / "weights.safetensors").unlink()
    with pytest.raises(
        StorageError, match=r"is damaged or was saved by another version: weights\.safetensors is missing\. Fit"
    ):
        storage.load(saved)


@pytest.mark.parametrize("path", ["os:system", "builtins:eval", "tidegate.forecasters.naive:np", "subprocess:Popen"])
def test_a_foreign_class(saved, path):
    rewrite(saved, lambda config: config.update({"class": path}))
    with pytest.raises(StorageError, match="which is not a tidegate forecaster"):
        storage.load(saved)


def test_a_class_that_is_gone(saved):
    rewrite(saved, lambda config: config.update({"class": "tidegate.forecasters.naive:Gone"}))
    with pytest.raises(StorageError, match=r"saved by another version: .*Gone"):
        storage.load(saved)


def test_the_abstract_class_is_not_built(saved):
    rewrite(saved, lambda config: config.update({"class": "tidegate.forecasters.base:Forecaster"}))
    with pytest.raises(StorageError, match="is damaged or was saved by another version"):
        storage.load(saved)
    assert Forecaster.__abstractmethods__


@pytest.mark.parametrize("name", ["../secret", "..", "/etc/hostname", "a/b", "a\\b", ""])
def test_file_names_that_leave_the_folder(saved, tmp_path, name):
    (tmp_path / "secret").write_text("secret")
    rewrite(saved, lambda config: config["files"].update({name: "0" * 64}))
    with pytest.raises(StorageError, match=r"the file name .* leaves the folder"):
        storage.load(saved)


@pytest.mark.parametrize(
    "node", [{"array": "nowhere"}, {"file": "nowhere"}, {"code": "1"}, {"array": "a", "file": "b"}, {"dict": 3}]
)
def test_nodes_that_mean_nothing(saved, node):
    rewrite(saved, lambda config: config.update(state=node))
    with pytest.raises(StorageError, match="is damaged or was saved by another version"):
        storage.load(saved)


def test_settings_that_the_class_does_not_have(saved):
    rewrite(saved, lambda config: config.update(settings={"dict": [["sindow", 3]]}))
    with pytest.raises(StorageError, match="sindow"):
        storage.load(saved)


def test_a_model_inside_a_model_is_kept_fitted_or_not(tmp_path):
    made = Ensemble(members=(naive.MovingAverage(window=5), "drift")).fit(panel(), horizon=3)
    made.save(tmp_path / "model")
    again = storage.load(tmp_path / "model")
    assert again.members[0].window == 5
    assert not hasattr(again.members[0], "history_")
    assert [type(one) for one in again.members_] == [naive.MovingAverage, naive.Drift]
    assert again.members_[0].windows_.tolist() == [5, 5]
    assert np.array_equal(again.members_[1].history_.values, made.members_[1].history_.values)


def test_data_that_models_share_are_written_once(tmp_path):
    long = panel(60)
    for folder, members in (("one", ("drift",)), ("three", ("drift", "naive", "historic-mean"))):
        many = long.take([0] * 20)
        many = replace(many, ids=np.arange(20).astype(object))
        Ensemble(members=members).fit(many, horizon=3).save(tmp_path / folder)
    one, three = ((tmp_path / folder / "weights.safetensors").stat().st_size for folder in ("one", "three"))
    assert three < 1.5 * one


def test_a_model_inside_a_model_must_be_trusted_too(tmp_path):
    made = Ensemble(members=("drift", "naive")).fit(panel(), horizon=3)
    made.save(tmp_path / "model")

    def plant(config):
        for node in config["state"]["dict"]:
            if node[0] == "model":
                node[1]["dict"][0][1][0]["forecaster"]["class"] = "os:system"

    rewrite(tmp_path / "model", plant)
    with pytest.raises(StorageError, match="a member of the model names the class 'os:system', which is not a"):
        storage.load(tmp_path / "model")


def test_a_member_of_a_class_that_could_not_be_loaded_is_refused(tmp_path):
    class Own(naive.Naive):
        """A forecaster of someone's own."""

    Own.__module__ = "somewhere"
    made = Ensemble(members=(Own(),)).fit(panel(), horizon=3)
    with pytest.raises(StorageError, match="could not be loaded again: it is not a tidegate forecaster"):
        made.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()
