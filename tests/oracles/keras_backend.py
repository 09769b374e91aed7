"""A plugin of pytest under which Keras' own tests run on our layers.

It needs a process of its own, with Keras on its torch backend; `test_keras_own_tests` starts one. Keras asks its
backend for a whole GRU or LSTM layer; here ours answers. What the contract lets a backend decline, it declines, and
Keras falls back to its own loop. For each test the report holds the outcome, how often ours computed, and why
it declined.
"""

import importlib
import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import torch

from tidegate import nn
from tidegate.nn.convert.keras_weights import weights_from_keras
from tidegate.nn.stack import PARAMETERS


class DeclinedError(NotImplementedError):
    """What Keras takes as the wish that it use its own loop."""


@cache
def empty(kind, n_inputs, hidden, options):
    """Return a layer of ours without weights: they come with each call, so that gradients reach Keras' variables."""
    return getattr(nn, kind)(n_inputs, hidden, batch_first=True, device="meta", **dict(options))


class Backend:
    """Keras' functions for whole layers, by our layers."""

    def __init__(self, keras, computes):
        self.tensor = keras.backend.convert_to_tensor
        self.activations = keras.activations.tanh, keras.activations.sigmoid
        self.computes = computes

    def gru(
        self,
        inputs,
        initial_state,
        mask,
        kernel,
        recurrent_kernel,
        bias,
        activation,
        recurrent_activation,
        return_sequences=False,
        go_backwards=False,
        unroll=False,
        reset_after=True,
    ):
        """Return the last output, the outputs and the final states."""
        self.check(activation, recurrent_activation, mask, return_sequences)
        options = {"reset": "after" if reset_after else "before", "reverse": go_backwards}
        (made,) = self.run("GRU", inputs, [(kernel, recurrent_kernel, bias)], [[initial_state]], options, mask)
        return walked(made, return_sequences, go_backwards)

    def lstm(
        self,
        inputs,
        initial_state_h,
        initial_state_c,
        mask,
        kernel,
        recurrent_kernel,
        bias,
        activation,
        recurrent_activation,
        return_sequences=False,
        go_backwards=False,
        unroll=False,
        batch_first=True,
    ):
        """Return the last output, the outputs and the final states."""
        if not batch_first:
            raise DeclinedError("time first")
        self.check(activation, recurrent_activation, mask, return_sequences)
        states = [[initial_state_h, initial_state_c]]
        (made,) = self.run("LSTM", inputs, [(kernel, recurrent_kernel, bias)], states, {"reverse": go_backwards}, mask)
        return walked(made, return_sequences, go_backwards)

    def bidirectional_gru(
        self,
        inputs,
        fwd_initial_state,
        bwd_initial_state,
        mask,
        fwd_kernel,
        fwd_recurrent_kernel,
        fwd_bias,
        bwd_kernel,
        bwd_recurrent_kernel,
        bwd_bias,
        activation,
        recurrent_activation,
        return_sequences=False,
        unroll=False,
        reset_after=True,
    ):
        """Return what each direction yields, outputs in the order of time."""
        self.check(activation, recurrent_activation, mask, return_sequences)
        weights = [(fwd_kernel, fwd_recurrent_kernel, fwd_bias), (bwd_kernel, bwd_recurrent_kernel, bwd_bias)]
        options = {"reset": "after" if reset_after else "before", "bidirectional": True}
        made = self.run("GRU", inputs, weights, [[fwd_initial_state], [bwd_initial_state]], options, mask)
        return tuple(walked(part, return_sequences, False) for part in made)

    def bidirectional_lstm(
        self,
        inputs,
        fwd_initial_state_h,
        fwd_initial_state_c,
        bwd_initial_state_h,
        bwd_initial_state_c,
        mask,
        fwd_kernel,
        fwd_recurrent_kernel,
        fwd_bias,
        bwd_kernel,
        bwd_recurrent_kernel,
        bwd_bias,
        activation,
        recurrent_activation,
        return_sequences=False,
        unroll=False,
    ):
        """Return what each direction yields, outputs in the order of time."""
        self.check(activation, recurrent_activation, mask, return_sequences)
        weights = [(fwd_kernel, fwd_recurrent_kernel, fwd_bias), (bwd_kernel, bwd_recurrent_kernel, bwd_bias)]
        states = [[fwd_initial_state_h, fwd_initial_state_c], [bwd_initial_state_h, bwd_initial_state_c]]
        made = self.run("LSTM", inputs, weights, states, {"bidirectional": True}, mask)
        return tuple(walked(part, return_sequences, False) for part in made)

    def check(self, activation, recurrent_activation, mask, return_sequences):
        """Decline other activations, and masks whose outputs the layer may want held or zero: it does not say which."""
        if (activation, recurrent_activation) != self.activations:
            raise DeclinedError("activations")
        if mask is not None and return_sequences:
            raise DeclinedError("masked sequences")

    def run(self, kind, inputs, weights, states, options, mask):
        """Return outputs and final states of each direction.

        A masked step changes nothing, wherever it lies: the steps that count are brought together, in their order.
        """
        directions = [[self.tensor(part) for part in parts if part is not None] for parts in weights]
        kernel, recurrent = directions[0][:2]
        inputs = self.tensor(inputs).to(kernel.dtype)
        hx = tuple(
            torch.stack([self.tensor(part).to(kernel.dtype) for part in parts]) for parts in zip(*states, strict=True)
        )
        lengths = None
        if mask is not None:
            mask = self.tensor(mask).bool()
            lengths = mask.sum(1)
            order = mask.logical_not().to(torch.uint8).argsort(dim=1, stable=True)
            inputs = inputs.gather(1, order[..., None].expand_as(inputs))
        settings = {**options, "bias": len(directions[0]) > 2, "dtype": kernel.dtype, "backend": self.computes}
        layer = empty(kind, inputs.shape[-1], len(recurrent), tuple(settings.items()))
        named = {
            f"{PARAMETERS[role]}_l0{suffix}": tensor
            for suffix, parts in zip(("", "_reverse"), directions, strict=False)
            for role, tensor in weights_from_keras(layer.cell, parts).items()
        }
        called = inputs, hx if len(hx) > 1 else hx[0]
        outputs, final = torch.func.functional_call(layer, named, called, {"lengths": lengths})
        finals = final if isinstance(final, tuple) else (final,)
        return [(part, [state[way] for state in finals]) for way, part in enumerate(outputs.chunk(len(directions), -1))]


def walked(made, return_sequences, go_backwards):
    """Return the outputs as Keras wants them: in the order of the walk, or the last alone."""
    outputs, states = made
    last = states[0]
    if not return_sequences:
        return last, last[:, None], states
    return last, outputs.flip(1) if go_backwards else outputs, states


class Recorder:
    """Counts what ours computed and declined, test by test."""

    NAMES = ("gru", "lstm", "bidirectional_gru", "bidirectional_lstm")

    def __init__(self, path):
        self.path, self.tests, self.now = path, {}, None

    def counted(self, function):
        """Return `function`, which is ours, counting."""

        def call(*arguments, **options):
            try:
                made = function(*arguments, **options)
            except DeclinedError as reason:
                self.now[f"declined: {reason}"] += 1
                raise
            self.now[function.__name__] += 1
            return made

        return call

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self.now = Counter()
        return (yield)

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or not report.passed:
            name = f"{Path(report.location[0]).stem}::{report.location[2]}"
            self.tests[name] = {"outcome": report.outcome, **dict(sorted(self.now.items()))}

    def pytest_sessionfinish(self):
        self.path.write_text(json.dumps(self.tests, indent=1, sort_keys=True), "utf-8")


def pytest_addoption(parser):
    group = parser.getgroup("tidegate")
    group.addoption("--tidegate-report", type=Path, required=True)
    group.addoption("--tidegate-backend", default="reference")


def pytest_configure(config):
    recorder = Recorder(config.getoption("--tidegate-report"))
    config.pluginmanager.register(recorder)
    keras = importlib.import_module("keras.src")
    backend = Backend(keras, config.getoption("--tidegate-backend"))
    for name in Recorder.NAMES:
        setattr(keras.backend, name, recorder.counted(getattr(backend, name)))
