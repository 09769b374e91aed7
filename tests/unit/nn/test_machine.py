import pytest
import torch

from tidegate import nn
from tidegate.errors import SettingError
from tidegate.kernels import library
from tidegate.nn.machine import Backing, backend
from tidegate.nn.nouns import noun

NO_CUDA = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
KERNELS = pytest.mark.skipif(library.library() is None, reason=library.reason())


@pytest.fixture
def no_kernels(monkeypatch):
    monkeypatch.setattr(library, "library", lambda: None)
    monkeypatch.setattr(library, "reason", lambda: "no kernels: switched off")


@pytest.fixture
def kernels(monkeypatch):
    monkeypatch.setattr(library, "library", object)
    monkeypatch.setattr(library, "reason", lambda: "x86-64-v3 kernels")


@NO_CUDA
def test_the_machine_with_kernels(kernels):
    assert str(backend()) == "kernels: x86-64-v3 kernels on the CPU; no CUDA device"


@NO_CUDA
def test_the_machine_without(no_kernels):
    shown = "torch: no kernels: switched off; torch's own operators for the standard cells on the CPU; no CUDA device"
    assert str(backend()) == shown


def test_the_machine_with_a_device(kernels, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "H200")
    assert backend().reason == (
        "x86-64-v3 kernels on the CPU; torch's own operators for the standard cells on CUDA (H200)"
    )


@KERNELS
def test_layers_that_have_a_kernel():
    for layer in (nn.LSTM(2, 3, 2, bidirectional=True), nn.GRU(2, 3, reverse=True), nn.MinGRU(2, 3)):
        assert backend(layer) == Backing("kernels", library.reason())


def test_layers_without_a_kernel_say_why(no_kernels):
    for layer, name, what in (
        (nn.LSTM(2, 3, proj_size=2), "torch", "torch's own operators; there is no kernel for Lstm("),
        (nn.GRU(2, 3, bias=False), "torch", "torch's own operators; no kernels: switched off"),
        (nn.MinGRU(2, 3), "scan", "a scan over all steps in torch operations; no kernels: switched off"),
        (nn.SLSTM(2, 3), "reference", "the loop over the published equations in torch operations; there is no kernel"),
    ):
        found = backend(layer)
        assert found.name == name
        assert found.reason.startswith(what)
        assert str(found) == f"{name}: {found.reason}"


def test_what_is_asked_for_is_said():
    assert backend(nn.GRU(2, 3, backend="torch")).reason == "torch's own operators; backend='torch' asks for it"
    assert backend(nn.GRU(2, 3, backend="reference")).reason.endswith("; backend='reference' asks for it")
    with pytest.raises(SettingError, match="backend 'torch' cannot run this layer"):
        backend(nn.GRU(2, 3, reset="absent", backend="torch"))


def test_the_precision_of_the_weights_counts():
    assert noun(nn.GRU(2, 3).cell) == "gru_after"
    assert backend(nn.GRU(2, 3).bfloat16()).name != "kernels"


def test_other_modules_are_refused():
    assert backend(nn.GRUCell(2, 3)).name == "reference"
    with pytest.raises(TypeError, match=r"layer is a GRU; it must be a layer or single cell of tidegate\.nn, or None"):
        backend(torch.nn.GRU(2, 3))
