"""How the parameters of a network start, drawn from one Generator."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from tidegate.nn.decoders import DirectDecoder
from tidegate.nn.layers import GRU, LSTM, RNN

if TYPE_CHECKING:
    from collections.abc import Callable

_SMALL = 0.1
_FORGET = 1


def built(make: Callable[[], torch.nn.Module], generator: torch.Generator) -> torch.nn.Module:
    """Return the network that `make` describes with every parameter drawn from `generator`; touches no global seed.

    Weights are uniform in +-1/sqrt(inputs), recurrent ones orthogonal (Saxe, McClelland & Ganguli 2014), an LSTM's
    forget gate starts open (bias 1: Jozefowicz, Zaremba & Sutskever 2015, section 2.2), and a decoder starts near 0,
    so that training begins at the reference forecast.

    Parameters
    ----------
    make
        Returns the module; called without memory for its parameters, so that nothing is drawn twice.
    generator
        Source of all randomness.
    """
    with torch.device("meta"):
        network = make()
    network.to_empty(device="cpu")
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, RNN | LSTM | GRU):
                _start_recurrent(module, generator)
            elif isinstance(module, torch.nn.Linear):
                _uniform(module.weight, generator)
                if module.bias is not None:
                    module.bias.zero_()
        for module in network.modules():
            if isinstance(module, DirectDecoder):
                _start_decoder(module)
    return network


def _uniform(weight: torch.Tensor, generator: torch.Generator) -> None:
    reach = 1 / math.sqrt(weight.shape[1])
    weight.uniform_(-reach, reach, generator=generator)


def _start_recurrent(recurrent: RNN | LSTM | GRU, generator: torch.Generator) -> None:
    size = recurrent.hidden_size
    for name, parameter in recurrent.named_parameters():
        if name.startswith("weight_ih"):
            _uniform(parameter, generator)
        elif name.startswith("weight_hh"):
            for gate in torch.split(parameter, size):
                torch.nn.init.orthogonal_(gate, generator=generator)
        else:
            parameter.zero_()
    if isinstance(recurrent, LSTM):
        recurrent.get_parameter("bias_ih_l0")[_FORGET * size : (_FORGET + 1) * size] = 1.0


def _start_decoder(decoder: DirectDecoder) -> None:
    decoder.output.weight.mul_(_SMALL)
    decoder.direct.weight.zero_()
    if decoder.steps is not None:
        decoder.steps.weight.mul_(_SMALL)
