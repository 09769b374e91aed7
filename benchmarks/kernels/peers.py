"""The same layers in Keras, on its torch backend, and in JAX, as a scan over a step written by hand and compiled.

JAX divides work among threads of its own, as many as there are processors: both are measured with all threads alone.
Threads that have done their work look for more for a while: before each step of either side they get time to rest.
Keras reads (B, T, I); its gradients have other shapes than ours and are not compared, its outputs are.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import tempfile
import time
from typing import TYPE_CHECKING, Any

import torch
from benchmarks.kernels.sides import Side, side

from tidegate.nn.convert.keras import to_keras
from tidegate.nn.layers import GRU, LSTM, RNN

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.kernels.cases import Case
    from benchmarks.kernels.sides import Data


REST = 0.02


def installed(peer: str) -> bool:
    """Return whether `peer` can be imported."""
    return importlib.util.find_spec(peer) is not None


def called(peer: str) -> str:
    """Return the peer's name with its version and with what computes."""
    version = importlib.metadata.version(peer)
    return f"Keras {version} on torch" if peer == "keras" else f"JAX {version}, lax.scan, compiled"


def peer_side(case: Case, layer: RNN | LSTM | GRU, drawn: Data) -> Side:
    """Return the side of `case.peer`, with the weights of `layer`."""
    return (_keras_side if case.peer == "keras" else _jax_side)(case, layer, drawn)


def rested(one: Side) -> Side:
    """Return a side that starts when nobody's threads wait for work."""

    def clear() -> None:
        one.clear()
        time.sleep(REST)

    return one._replace(clear=clear)


def _keras_side(case: Case, layer: RNN | LSTM | GRU, drawn: Data) -> Side:
    os.environ["KERAS_BACKEND"] = "torch"
    os.environ.setdefault("KERAS_HOME", tempfile.mkdtemp(prefix="keras-"))
    built = to_keras(layer)[0].build()
    inputs = drawn.inputs.transpose(0, 1).contiguous()
    gradient = drawn.gradient.transpose(0, 1).contiguous() if case.trains else None
    made: Side = side(built, lambda: built(inputs), gradient)
    return made._replace(results=lambda: [made.results()[0].transpose(0, 1)])


def _jax_side(case: Case, layer: RNN | LSTM | GRU, drawn: Data) -> Side:
    import jax

    weights = [jax.numpy.asarray(parameter.detach().numpy()) for parameter in layer.parameters()]
    inputs, gradient = (jax.numpy.asarray(tensor.numpy()) for tensor in (drawn.inputs, drawn.gradient))
    outputs = _scan(case.cell)

    @jax.jit
    def trained(weights: Any, inputs: Any, gradient: Any) -> list[Any]:
        made, pull = jax.vjp(lambda own: outputs(own, inputs), weights)
        return [made, *pull(gradient)[0]]

    @jax.jit
    def inferred(weights: Any, inputs: Any, _: Any) -> list[Any]:
        return [outputs(weights, inputs)]

    run = trained if case.trains else inferred

    def made() -> list[Any]:
        found: list[Any] = jax.block_until_ready(run(weights, inputs, gradient))
        return found

    def step() -> None:
        made()

    return Side(step, lambda: None, lambda: [torch.from_numpy(jax.device_get(one).copy()) for one in made()])


def _scan(cell: str) -> Callable[[Any, Any], Any]:
    """Return outputs of shape (T, B, H) as a function of torch's four parameters and inputs of shape (T, B, I)."""
    import jax
    from jax.numpy import split, tanh, zeros

    sigmoid = jax.nn.sigmoid

    def rnn(state: Any, sums: Any, product: Any) -> Any:
        return (tanh(sums + product(state[0])),)

    def gru(state: Any, sums: Any, product: Any) -> Any:
        (hidden,) = state
        (reset, update, candidate), (reset_h, update_h, candidate_h) = split(sums, 3, -1), split(product(hidden), 3, -1)
        reset, update = sigmoid(reset + reset_h), sigmoid(update + update_h)
        candidate = tanh(candidate + reset * candidate_h)
        return ((1 - update) * candidate + update * hidden,)

    def lstm(state: Any, sums: Any, product: Any) -> Any:
        input_gate, forget, candidate, output = split(sums + product(state[0]), 4, -1)
        memory = sigmoid(forget) * state[1] + sigmoid(input_gate) * tanh(candidate)
        return sigmoid(output) * tanh(memory), memory

    one = {"rnn": rnn, "gru": gru, "lstm": lstm}[cell]

    def outputs(weights: Any, inputs: Any) -> Any:
        input_weight, recurrent_weight, input_bias, recurrent_bias = weights
        sums = inputs @ input_weight.T + input_bias

        def walk(state: Any, here: Any) -> tuple[Any, Any]:
            after = one(state, here, lambda hidden: hidden @ recurrent_weight.T + recurrent_bias)
            return after, after[0]

        start = zeros((inputs.shape[1], recurrent_weight.shape[1]))
        return jax.lax.scan(walk, (start,) * (2 if cell == "lstm" else 1), sums)[1]

    return outputs
