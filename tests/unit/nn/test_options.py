import dataclasses

import pytest

from tidegate.nn.options import Stack

OURS = {
    "merge": ({"merge": "sum", "bidirectional": True}, {"merge": "sum"}),
    "residual": ({"residual": True, "num_layers": 2}, {"residual": True}),
    "layer_norm": ({"layer_norm": True}, {"layer_norm": False}),
    "reverse": ({"reverse": True}, {"reverse": False}),
}
"""Options that torch does not have: where they count, and where they change nothing."""


@pytest.mark.parametrize("option", OURS)
def test_what_torch_puts_together_otherwise(option):
    counting, idle = OURS[option]
    assert not Stack(**counting).standard
    assert Stack(**idle).standard


def test_what_torch_puts_together_the_same_way():
    assert Stack().standard
    assert Stack(num_layers=3, bias=False, batch_first=True, dropout=0.5, bidirectional=True, proj_size=2).standard


def test_options_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Stack().num_layers = 2
