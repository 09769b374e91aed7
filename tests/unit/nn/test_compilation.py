import subprocess
import sys

import torch

from tidegate.nn.compilation import uncompiled

PROGRAM = """
import sys, torch
from tidegate import nn
nn.LSTM(2, 3)(torch.zeros(4, 1, 2))
print("torch._dynamo" in sys.modules)
"""


def test_a_layer_does_not_load_the_compiler():
    shown = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def test_a_compiled_model_calls_the_function_as_it_is():
    looked_into = []

    @uncompiled
    def doubled(values, *, plus):
        looked_into.append(torch.compiler.is_compiling())
        return 2 * values + plus

    def model(values):
        return doubled(values + 1, plus=3) - 1

    values = torch.arange(3.0)
    assert torch.compile(model, backend="eager")(values).tolist() == [4.0, 6.0, 8.0]
    assert looked_into == [False]
    assert doubled.__name__ == "doubled"
    assert doubled(values, plus=0).tolist() == [0.0, 2.0, 4.0]
