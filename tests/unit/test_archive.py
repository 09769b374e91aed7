"""Trees and folders by themselves; what a damaged folder of a model says is tested in forecasters/test_storage.py."""

import json

import numpy as np
import pytest

from tidegate import archive
from tidegate.archive import Parts
from tidegate.errors import StorageError


def test_trees_come_back_as_they_went():
    tree = {
        "a": [1, 2.5, None, True, "text", float("inf")],
        "b": (np.arange(3), np.array([[1.5], [2.5]])),
        3: np.array(["x", 4, (1, 2)], dtype=object),
        "d": {"empty": np.empty((0, 2)), "flags": np.array([True, False]), "raw": b"\x00\xff"},
    }
    parts = Parts({}, {})
    packed = json.loads(json.dumps(archive.pack(tree, "t", parts)))
    back = archive.unpack(packed, parts)
    assert back["a"] == tree["a"]
    assert isinstance(back["b"], tuple)
    np.testing.assert_array_equal(back["b"][1], tree["b"][1])
    assert back[3].tolist() == ["x", 4, (1, 2)]
    assert back["d"]["empty"].shape == (0, 2)
    assert back["d"]["flags"].dtype == bool
    assert back["d"]["raw"] == b"\x00\xff"


def test_a_folder_comes_back_as_it_went(tmp_path):
    parts = Parts({"w": np.arange(4.0)}, {"book.bin": b"bytes"})
    archive.write(tmp_path / "model", {"class": "x"}, parts)
    config = archive.read_config(tmp_path / "model", frozenset({"class"}))
    back = archive.read_parts(tmp_path / "model", config["files"])
    assert config["class"] == "x"
    np.testing.assert_array_equal(back.arrays["w"], np.arange(4.0))
    assert back.files == {"book.bin": b"bytes"}
    with pytest.raises(StorageError, match="lacks settings"):
        archive.read_config(tmp_path / "model", frozenset({"settings"}))


def test_what_a_higher_layer_knows_is_taken_apart_by_it():
    def apart(node, path, parts):
        return {"set": sorted(node)} if isinstance(node, set) else None

    def together(kind, content, parts):
        if kind != "set":
            raise ValueError(kind)
        return set(content)

    parts = Parts({}, {})
    packed = archive.pack({"a": [{3, 1}]}, "t", parts, apart)
    assert archive.unpack(packed, parts, together) == {"a": [{1, 3}]}
    with pytest.raises(StorageError, match=r"t\.a\.0 holds a set, which cannot be saved safely"):
        archive.pack({"a": [{3, 1}]}, "t", parts)
    with pytest.raises(ValueError, match="unknown node 'set'"):
        archive.unpack(packed, parts)
