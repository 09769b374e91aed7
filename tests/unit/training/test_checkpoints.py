import pytest
import torch

from tidegate.errors import StorageError
from tidegate.training import checkpoints
from tidegate.training.checkpoints import Snapshot


def test_off_by_default_and_on_inside_the_body(tmp_path):
    assert checkpoints.path("run") is None
    with checkpoints.kept_in(tmp_path / "new") as folder:
        assert checkpoints.path("run").parent == folder
        assert folder.is_dir()
    assert checkpoints.path("run") is None


def test_what_is_written_is_read(tmp_path):
    place = tmp_path / "run.checkpoint"
    tensors = {"a": torch.arange(6.0).reshape(2, 3).T, "state": torch.Generator().get_state()}
    checkpoints.write(Snapshot(tensors, {"done": 3, "losses": [[0.1], [float("nan")]]}), place)
    found = checkpoints.read(place)
    assert torch.equal(found.tensors["a"], tensors["a"])
    assert torch.equal(found.tensors["state"], tensors["state"])
    assert found.facts["done"] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["run.checkpoint"]


def test_none_where_there_is_none(tmp_path):
    assert checkpoints.read(tmp_path / "run.checkpoint") is None


@pytest.mark.parametrize("content", [b"", b"not a checkpoint at all"])
def test_damage_is_named(tmp_path, content):
    place = tmp_path / "run.checkpoint"
    place.write_bytes(content)
    with pytest.raises(StorageError, match=r"run.checkpoint is damaged: .* Remove it and start the run again"):
        checkpoints.read(place)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"), checkpoints.kept_in(tmp_path / "file" / "folder"):
        pass
    with pytest.raises(StorageError, match=r"cannot be written: .* Free space"):
        checkpoints.write(Snapshot({}, {}), tmp_path / "absent" / "run.checkpoint")
