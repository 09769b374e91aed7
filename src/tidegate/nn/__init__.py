"""Networks as torch modules: recurrent layers in place of torch's, their relatives, arrangements and converters.

Public names are loaded when first used, as in `tidegate` itself. The operators that exported models are made of are
there at once, so that ``import tidegate.nn`` is all that such a model needs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidegate.nn.arrangements import ManyToMany, ManyToOne, OneToMany, OneToOne, SequenceToSequence
    from tidegate.nn.attention import AdditiveAttention, ScaledDotProductAttention
    from tidegate.nn.convert.keras import from_keras, to_keras
    from tidegate.nn.convert.onnx import from_onnx, to_onnx
    from tidegate.nn.convert.pytorch import from_torch, to_torch
    from tidegate.nn.layers import GRU, LSTM, RNN
    from tidegate.nn.machine import backend
    from tidegate.nn.options import Stack
    from tidegate.nn.relatives import SLSTM, MinGRU, MinLSTM
    from tidegate.nn.singles import GRUCell, LSTMCell, RNNCell
    from tidegate.nn.stack import Recurrent
    from tidegate.nn.watching import watch

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "SLSTM",
    "AdditiveAttention",
    "GRUCell",
    "LSTMCell",
    "ManyToMany",
    "ManyToOne",
    "MinGRU",
    "MinLSTM",
    "OneToMany",
    "OneToOne",
    "RNNCell",
    "Recurrent",
    "ScaledDotProductAttention",
    "SequenceToSequence",
    "Stack",
    "backend",
    "from_keras",
    "from_onnx",
    "from_torch",
    "to_keras",
    "to_onnx",
    "to_torch",
    "watch",
]

_WHERE = {
    "arrangements": (
        "ManyToMany",
        "ManyToOne",
        "OneToMany",
        "OneToOne",
        "SequenceToSequence",
    ),
    "attention": (
        "AdditiveAttention",
        "ScaledDotProductAttention",
    ),
    "convert.keras": (
        "from_keras",
        "to_keras",
    ),
    "convert.onnx": (
        "from_onnx",
        "to_onnx",
    ),
    "convert.pytorch": (
        "from_torch",
        "to_torch",
    ),
    "options": ("Stack",),
    "layers": (
        "GRU",
        "LSTM",
        "RNN",
    ),
    "machine": ("backend",),
    "relatives": (
        "SLSTM",
        "MinGRU",
        "MinLSTM",
    ),
    "singles": (
        "GRUCell",
        "LSTMCell",
        "RNNCell",
    ),
    "stack": ("Recurrent",),
    "watching": ("watch",),
}
_SUBMODULES = ("initialisation",)
_MODULES = {name: f"tidegate.nn.{module}" for module, names in _WHERE.items() for name in names}

if not TYPE_CHECKING:  # a type checker must see a misspelt name as an error

    def __getattr__(name: str) -> Any:
        """Load the public `name` from the module that holds it."""
        if name in _MODULES:
            value = getattr(importlib.import_module(_MODULES[name]), name)
        elif name in _SUBMODULES:
            value = importlib.import_module(f"tidegate.nn.{name}")
        else:
            raise AttributeError(f"module 'tidegate.nn' has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        """List every public name, loaded or not."""
        return sorted({*globals(), *__all__, *_SUBMODULES})


importlib.import_module("tidegate.nn.backends")  # at the end, as they ask this package for each other
importlib.import_module("tidegate.nn.smoothing_operators")
