import pytest
import torch

from tidegate.nn import precision

CPU = torch.device("cpu")
TARGETS = {
    ("elman", "fused layer"): torch.bfloat16,
    ("lstm", "fused layer"): torch.bfloat16,
    ("gru", "fused layer"): None,
    ("elman", "layer"): torch.bfloat16,
    ("lstm", "layer"): None,
    ("gru", "layer"): None,
    ("elman", "cell"): torch.bfloat16,
    ("lstm", "cell"): None,
    ("gru", "cell"): None,
    ("slstm", "layer"): None,
}


@pytest.mark.parametrize(("name", "family"), TARGETS)
def test_target_under_autocast(name, family):
    assert precision.target(name, family, CPU) is None
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert precision.target(name, family, CPU) is TARGETS[name, family]


def test_a_device_without_autocast_is_left_as_it_comes():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert precision.autocasts(CPU)
        assert not precision.autocasts(torch.device("meta"))
        assert precision.target("elman", "layer", torch.device("meta")) is None
    assert not precision.autocasts(CPU)


def test_casts_keep_values_and_roles():
    values = torch.tensor([1.0, 0.1])
    (state,) = precision.cast((values,), torch.bfloat16)
    weights = precision.cast_weights({"input": values}, torch.bfloat16)
    assert state.dtype is weights["input"].dtype is torch.bfloat16
    assert torch.equal(state, values.bfloat16())
    assert torch.equal(weights["input"], values.bfloat16())
