"""How the parameters of a network start, drawn from one Generator.

Two defaults, for two purposes. A drop-in layer starts as torch's does, every parameter from U(-1/sqrt(H), 1/sqrt(H))
and from torch's global generator (`Recurrent.reset_parameters`), so that replacing one by the other changes nothing.
A forecaster's network starts as `built` says: orthogonal recurrent weights keep the length of a gradient through many
steps, and an open forget gate lets it through from the first epoch.

Every other start is a function on a layer, of any cell that has what it sets, for all its layers and directions::

    generator = torch.Generator().manual_seed(0)
    layer = tidegate.nn.LSTM(8, 32)
    orthogonal(layer, generator)
    chrono(layer, generator, longest=200)

Axis letters: I inputs, H hidden units.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

import torch

from tidegate.errors import SettingError
from tidegate.nn.arguments import check_own_parameters
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.stack import PARAMETERS, Recurrent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.nn.cells.cell import Cell

Made = TypeVar("Made", bound=torch.nn.Module)

_LEAST_STEPS = 2
_DRAWN = torch.float32  # half precision cannot hold a long range
_BIASES = ("input_bias", "recurrent_bias")


@torch.no_grad()
def orthogonal(layer: Recurrent, generator: torch.Generator, *, gain: float = 1.0) -> None:
    """Draw the recurrent weights of every gate as `gain` times a random orthogonal matrix.

    R^T R = gain^2 I, so that the product of many of them neither shrinks nor grows a gradient (Saxe, McClelland &
    Ganguli 2014, Exact solutions to the nonlinear dynamics of learning in deep linear neural networks). Each gate's
    block, shape (H, H), is one such matrix; of a projected layer, shape (H, P), the columns are orthogonal.

    Raises
    ------
    SettingError
        If the cell has no recurrent weights.
    """
    _check_finite("gain", gain)
    for weights in _directions(layer):
        if "recurrent" not in weights:
            raise SettingError(f"{layer.cell.name} has no recurrent weights to make orthogonal. Leave this start out")
        _orthogonal(weights["recurrent"], layer.hidden_size, generator, gain)


@torch.no_grad()
def identity(layer: Recurrent, *, scale: float = 1.0) -> None:
    """Set the recurrent weights to `scale` times the identity and the biases to 0, which keeps the state.

    W_aa = I and b = 0 in h_t = relu(W_ax x_t + W_aa h_{t-1} + b): the IRNN of Le, Jaitly & Hinton 2015, A simple way
    to initialize recurrent networks of rectified linear units, arXiv:1504.00941; a smaller `scale`, such as 0.01, where
    short memory is wanted. The input weights stay as they are; the source draws them from N(0, 0.001^2).

    Raises
    ------
    SettingError
        If the cell is not Elman's, or `scale` is not a finite number.
    """
    _check_layer(layer)
    if not isinstance(layer.cell, Elman):
        raise SettingError(f"the identity start is for elman layers; {layer.cell.name} has gates. Use orthogonal")
    _check_finite("scale", scale)
    for weights in _directions(layer):
        torch.nn.init.eye_(weights["recurrent"]).mul_(scale)
        for role in weights.keys() & {*_BIASES}:
            weights[role].zero_()


@torch.no_grad()
def glorot(layer: Recurrent, generator: torch.Generator) -> None:
    """Draw the input weights of every gate, shape (H, I), from U(-a, a) with a = sqrt(6 / (I + H)).

    Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward neural networks, equation (16).
    """
    for weights in _directions(layer):
        reach = math.sqrt(6 / (weights["input"].shape[1] + layer.hidden_size))
        weights["input"].uniform_(-reach, reach, generator=generator)


@torch.no_grad()
def open_forget(layer: Recurrent, *, bias: float = 1.0) -> None:
    """Set the biases of the gate that keeps the state to `bias` in sum, so that it starts at sigma(bias).

    Gers, Schmidhuber & Cummins 2000, Learning to forget, make it positive; Jozefowicz, Zaremba & Sutskever 2015, An
    empirical exploration of recurrent network architectures, make it 1. torch's two biases are drawn
    around 0 and start it at about one half, which halves a gradient at every step.

    The gate is the forget gate; the update gate of a GRU; with the opposite sign the update gate of a minimal GRU and
    the input gate of an LSTM whose gates are coupled. Where a cell goes on to divide its gate, by the sum of both in a
    normalised minimal LSTM and by exp(m) in an sLSTM, sigma(bias) is what is divided.

    Raises
    ------
    SettingError
        If the cell has no such gate, or the layer no bias for it.
    """
    _check_finite("bias", bias)
    for weights in _directions(layer):
        gate, sign = _keeping(layer.cell)
        _set_bias(layer, weights, gate, torch.as_tensor(sign * bias))


@torch.no_grad()
def chrono(layer: Recurrent, generator: torch.Generator, *, longest: int) -> None:
    """Draw the biases of the gates for dependencies of up to `longest` steps.

    b_forget = log U(1, T_max - 1) and b_input = -b_forget, one draw for each unit: a unit whose forget gate starts at
    sigma(log u) = u / (1 + u) keeps its state for about u steps (Tallec & Ollivier 2018, Can recurrent neural networks
    warp time?, arXiv:1804.11188). The one gate of a GRU is drawn in the same way.

    Parameters
    ----------
    layer
        Of a cell with a gate that keeps the state, as in `open_forget`.
    generator
        Source of the draws.
    longest
        T_max, steps; at least 2.

    Raises
    ------
    SettingError
        If `longest` is below 2, the cell has no such gate, or the layer no bias for it.
    """
    _check_finite("longest", longest)
    if longest < _LEAST_STEPS:
        raise SettingError(f"longest is {longest}; it must be at least {_LEAST_STEPS} steps")
    for weights in _directions(layer):
        gate, sign = _keeping(layer.cell)
        inputs = weights["input"]
        drawn = torch.empty(layer.hidden_size, device=inputs.device, dtype=torch.promote_types(inputs.dtype, _DRAWN))
        drawn.uniform_(1, longest - 1, generator=generator).log_()
        _set_bias(layer, weights, gate, sign * drawn)
        if gate == "forget" and "input" in layer.cell.gates:
            _set_bias(layer, weights, "input", -drawn)


@runtime_checkable
class Starting(Protocol):
    """A module that changes what was drawn for it."""

    def start(self) -> None:
        """Set the weights with which training begins, after all were drawn."""


def built(make: Callable[[], Made], generator: torch.Generator) -> Made:
    """Return the network that `make` describes with every parameter drawn from `generator`; touches no global seed.

    Weights are uniform in +-1/sqrt(inputs), recurrent ones orthogonal, biases 0 but for a forget gate, which starts
    open (bias 1), embeddings normal with variance 1 / width, and a batch's norm changes nothing. What has a ``start()``
    of its own, as decoders have that begin near 0, then has the last word.

    Parameters
    ----------
    make
        Returns the module; called without memory for its parameters, so that nothing is drawn twice.
    generator
        Source of all randomness.

    Raises
    ------
    ValueError
        If a parameter is of no such kind and no ``start()`` sets it.
    """
    with torch.device("meta"):
        network = make()
    network.to_empty(device="cpu")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(torch.nan)
        for module in network.modules():
            _draw(module, generator)
    for module in reversed(list(network.modules())):  # the parts before the whole
        if isinstance(module, Starting):
            module.start()
    for name, parameter in network.named_parameters():
        if bool(parameter.isnan().any()):
            raise ValueError(f"nothing sets the parameter {name}; give the module that owns it a start()")
    return network


def _draw(module: torch.nn.Module, generator: torch.Generator) -> None:
    """Set the parameters of one module of a known kind."""
    if isinstance(module, Recurrent):
        _start_recurrent(module, generator)
    elif isinstance(module, torch.nn.Linear | torch.nn.Conv1d | torch.nn.Conv2d):
        _uniform(module.weight.flatten(1), generator)
        if module.bias is not None:
            module.bias.zero_()
    elif isinstance(module, torch.nn.BatchNorm1d):
        module.reset_parameters()
    elif isinstance(module, torch.nn.Embedding):
        module.weight.normal_(0, 1 / math.sqrt(module.embedding_dim), generator=generator)


def _directions(layer: Recurrent) -> Iterator[dict[str, torch.nn.Parameter]]:
    """Yield the parameters by role for each layer and direction, in torch's order."""
    _check_layer(layer)
    check_own_parameters(layer)
    parameters = dict(layer.named_parameters(recurse=False))
    for index in range(layer.num_layers):
        for way in ("", "_reverse") if layer.bidirectional else ("",):
            names = {role: f"{name}_l{index}{way}" for role, name in PARAMETERS.items()}
            yield {role: parameters[name] for role, name in names.items() if name in parameters}


def _check_layer(layer: object) -> None:
    if not isinstance(layer, Recurrent):
        kind = type(layer)
        raise SettingError(
            f"layer is a {kind.__module__}.{kind.__qualname__}; a start sets the layers of tidegate.nn, such as LSTM"
        )


def _check_finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise SettingError(f"{name} is {value}; it must be a finite number")


def _keeping(cell: Cell) -> tuple[str, int]:
    """Return the gate that decides how much of the state is kept, and the sign of its sum with which it keeps more."""
    if "forget" in cell.gates:
        return "forget", 1
    if isinstance(cell, Gru):
        return "update", 1
    if isinstance(cell, MinGru):
        return "update", -1
    if isinstance(cell, Lstm) and cell.coupled:
        return "input", -1
    raise SettingError(f"{cell} has no gate that keeps its state, whose bias could be set. Leave this start out")


def _set_bias(layer: Recurrent, weights: dict[str, torch.nn.Parameter], gate: str, value: torch.Tensor) -> None:
    """Set one gate's biases to `value` in sum."""
    first = layer.cell.gates.index(gate) * layer.hidden_size
    if not _biased(weights):
        raise SettingError(f"the {gate} gate has no bias to set. Build the layer with biases, or leave this start out")
    for role in _BIASES:
        if role in weights:
            weights[role][first : first + layer.hidden_size] = value if role == "input_bias" else 0.0


def _biased(weights: dict[str, torch.nn.Parameter]) -> bool:
    """Return whether every gate has a bias: not where a layer has none, or its candidate alone."""
    return "input_bias" in weights and len(weights["input_bias"]) == len(weights["input"])


def _uniform(weight: torch.Tensor, generator: torch.Generator) -> None:
    reach = 1 / math.sqrt(weight.shape[1])
    weight.uniform_(-reach, reach, generator=generator)


def _orthogonal(weight: torch.Tensor, hidden_size: int, generator: torch.Generator, gain: float = 1.0) -> None:
    for gate in torch.split(weight, hidden_size):
        torch.nn.init.orthogonal_(gate, gain, generator=generator)


def _start_recurrent(recurrent: Recurrent, generator: torch.Generator) -> None:
    for weights in _directions(recurrent):
        for role, parameter in weights.items():
            if role == "recurrent":
                _orthogonal(parameter, recurrent.hidden_size, generator)
            elif role in ("input", "projection"):
                _uniform(parameter, generator)
            else:
                parameter.zero_()
    for name, parameter in recurrent.named_parameters(recurse=False):
        if name.startswith("norm_"):
            parameter.fill_(1.0 if name.startswith("norm_weight") else 0.0)
    if "forget" in recurrent.cell.gates and all(_biased(weights) for weights in _directions(recurrent)):
        open_forget(recurrent)
