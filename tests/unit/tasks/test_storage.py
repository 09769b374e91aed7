"""What a saved estimator is; the folder itself is tested with the archive and the forecasters."""

import json

import pytest

import tidegate
from tidegate import SequenceClassifier, archive
from tidegate.errors import StorageError
from tidegate.tasks import storage


@pytest.fixture
def saved(texts, tmp_path):
    SequenceClassifier(hidden_size=4, embedding=4).fit(*texts(20), epochs=1).save(tmp_path / "model")
    return tmp_path / "model"


def rewrite(folder, change):
    """Change the config of a saved model as someone would who also repairs its checksum."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config.pop("checksum")
    change(config)
    path.write_text(json.dumps({**config, "checksum": archive.checksum(config)}))


def test_a_forecaster_is_loaded_by_the_same_function(tmp_path):
    tidegate.forecaster("naive").fit(tidegate.example("air-passengers"), horizon=2).save(tmp_path / "run" / "model")
    assert storage.load(tmp_path / "run").name == "naive"


def test_a_forecaster_was_asked_for(saved):
    from tidegate.forecasters import storage as forecasters

    with pytest.raises(StorageError, match=r"holds a SequenceClassifier, not a forecaster. Use tidegate.load"):
        forecasters.load(saved)


def test_no_file_holds_code(saved):
    assert sorted(path.suffix for path in saved.iterdir()) == [".json", ".safetensors"]


@pytest.mark.parametrize(
    "path",
    [
        "tidegate.tasks.storage:save",
        "tidegate.tasks.classifier:np",
        "tidegate.tasks.classifier:Gone",
        "tidegate.tasks.",
    ],
)
def test_a_foreign_class(saved, path):
    rewrite(saved, lambda config: config.update({"class": path}))
    with pytest.raises(StorageError, match=r"which is not a tidegate sequence estimator|saved by another version"):
        storage.load(saved)


def test_another_package_is_never_imported(saved):
    rewrite(saved, lambda config: config.update({"class": "os:system"}))
    with pytest.raises(StorageError):
        storage.load(saved)


def test_damage_is_named(saved):
    content = (saved / "weights.safetensors").read_bytes()
    (saved / "weights.safetensors").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(StorageError, match=r"weights.safetensors was changed after saving"):
        storage.load(saved)


def test_settings_and_states_that_do_not_fit(saved):
    rewrite(saved, lambda config: config["settings"]["dict"].append(["strange", 3]))
    with pytest.raises(StorageError, match="strange"):
        storage.load(saved)


def test_strange_nodes(saved):
    rewrite(saved, lambda config: config["settings"].update(dict=[["vocabulary", {"code": "1"}]]))
    with pytest.raises(StorageError, match="unknown node 'code'"):
        storage.load(saved)


def test_an_existing_folder_is_not_overwritten(saved):
    with pytest.raises(StorageError, match="exists already"):
        storage.load(saved).save(saved)
