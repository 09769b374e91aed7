import subprocess
import sys

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode

from tidegate.nn.compilation import followed, has_numbers, uncompiled

PROGRAM = """
import sys, torch
from tidegate import nn
nn.LSTM(2, 3)(torch.zeros(4, 1, 2))
print("torch._dynamo" in sys.modules)
"""


def test_a_layer_does_not_load_the_compiler():
    shown = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def model(function):
    return torch.compile(lambda values: function(values + 1, plus=3) - 1, backend="eager")


def test_a_compiled_model_calls_the_function_as_it_is():
    looked_into = []

    @uncompiled
    def doubled(values, *, plus):
        looked_into.append(torch.compiler.is_compiling())
        return 2 * values + plus

    values = torch.arange(3.0)
    assert model(doubled)(values).tolist() == [4.0, 6.0, 8.0]
    assert looked_into == [False]
    assert doubled.__name__ == "doubled"
    assert doubled(values, plus=0).tolist() == [0.0, 2.0, 4.0]


def test_a_compiler_that_must_not_leave_it_out_says_why():
    @uncompiled
    def negated(values):
        return -values

    whole = torch.compile(lambda values: negated(values) + 1, backend="eager", fullgraph=True)
    with pytest.raises(torch._dynamo.exc.Unsupported, match="'Compilers and exporters' in tidegate's docs"):
        whole(torch.arange(3.0))


class Mode(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return function(*args, **(kwargs or {}))


def test_numbers_are_there_or_not():
    numbers = torch.arange(3.0)
    found = [has_numbers(numbers), has_numbers(numbers.to("meta"))]
    with FakeTensorMode() as mode:
        found.append(has_numbers(torch.empty(3)))
    found.append(has_numbers(mode.from_tensor(numbers)))  # outside of the mode as well
    with Mode():
        found.append(has_numbers(numbers))
    torch.compile(lambda values: found.append(has_numbers(values)) or values + 1, backend="eager")(numbers)
    assert found == [True, False, False, False, True, False]


def test_followed_are_tensors_without_numbers_and_all_within_a_mode():
    numbers = torch.arange(3.0)
    found = [followed(numbers), followed(numbers.to("meta"))]
    with Mode():
        found.append(followed(numbers))

    def traced(values):
        found.append(followed(values))
        return values + 1

    for before_dispatch in (False, True):
        make_fx(traced, pre_dispatch=before_dispatch)(numbers)
    torch.compile(traced, backend="eager")(numbers)
    assert found == [False, True, True, True, True, True]
    assert not followed(numbers)
