"""Layers converted from and to Keras compute what Keras itself computes, on its torch backend with random weights."""

import importlib
import warnings
from itertools import product

import numpy as np
import pytest
import torch

from tidegate.nn.convert.keras import from_keras, to_keras

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own, in NumPy 2
SEQUENCES, STEPS, INPUTS, HIDDEN = 4, 6, 3, 5
LENGTHS = [6, 2, 4, 1]
LIMITS = {"float64": 1e-12, "float32": 1e-6}
KINDS = {
    "rnn-tanh": ("SimpleRNN", {}),
    "rnn-relu": ("SimpleRNN", {"activation": "relu"}),
    "rnn-sigmoid": ("SimpleRNN", {"activation": "sigmoid"}),
    "lstm": ("LSTM", {}),
    "lstm-linear": ("LSTM", {"activation": "linear"}),
    "gru-reset-after": ("GRU", {}),
    "gru-reset-before": ("GRU", {"reset_after": False}),
}
MERGES = {"one-way": None, "concat": "concat", "sum": "sum", "ave": "ave"}
CASES = list(product(KINDS, MERGES, (True, False)))


@pytest.fixture(scope="module")
def keras(tmp_path_factory):
    """Keras with its torch backend, which it chooses once, when first imported."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        warnings.simplefilter("ignore")
        import keras
    assert keras.backend.backend() == "torch"
    promotion = importlib.import_module("keras.src.backend.common.dtypes").BIT64_TO_BIT32_DTYPE
    with pytest.MonkeyPatch.context() as patch:  # else the products of a float64 cell are rounded to float32
        patch.setitem(promotion, "float64", "float64")
        yield keras


def built(keras, kind, merge=None, n_inputs=INPUTS, **options):
    """Return a layer of Keras with random weights."""
    name, own = KINDS[kind]
    settings = {"dtype": "float64", "return_sequences": True, "return_state": True, **own, **options}
    layer = getattr(keras.layers, name)(HIDDEN, **settings)
    if merge:
        layer = keras.layers.Bidirectional(layer, merge_mode=merge, dtype=settings["dtype"])
    layer.build((None, None, n_inputs))
    draw = np.random.default_rng(3).normal
    layer.set_weights([draw(size=array.shape, scale=0.7) for array in layer.get_weights()])
    return layer


def drawn(*shape, dtype="float64", seed=5):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def parts(outcome):
    """Return the outputs and each final state of our layer, one array per direction, forward first."""
    outputs, state = outcome
    states = state if isinstance(state, tuple) else (state,)
    return [outputs, *(part[way] for way in range(len(states[0])) for part in states)]


def compared(theirs, ours, limit):
    assert len(theirs) == len(ours)
    for wanted, made in zip(theirs, ours, strict=True):
        scale = max(1.0, wanted.detach().abs().max().item())  # states of a relu grow from step to step
        np.testing.assert_allclose(made.detach().numpy(), wanted.detach().numpy(), rtol=0, atol=limit * scale)


@pytest.mark.parametrize(("kind", "merge", "use_bias"), CASES)
def test_our_layer_computes_what_keras_computes(keras, kind, merge, use_bias):
    theirs = built(keras, kind, MERGES[merge], use_bias=use_bias)
    inputs = drawn(SEQUENCES, STEPS, INPUTS)
    compared(theirs(inputs), parts(from_keras(theirs)(torch.from_numpy(inputs))), LIMITS["float64"])


@pytest.mark.parametrize("kind", KINDS)
def test_single_precision(keras, kind):
    theirs = built(keras, kind, "concat", dtype="float32")
    inputs = drawn(SEQUENCES, STEPS, INPUTS, dtype="float32")
    ours = from_keras(theirs)
    assert ours.weight_ih_l0.dtype == torch.float32
    compared(theirs(inputs), parts(ours(torch.from_numpy(inputs))), LIMITS["float32"])


@pytest.mark.parametrize("kind", KINDS)
def test_initial_states(keras, kind):
    theirs = built(keras, kind, "concat")
    n_states = 2 if kind.startswith("lstm") else 1
    states = [drawn(SEQUENCES, HIDDEN, seed=seed) for seed in range(2 * n_states)]
    inputs = drawn(SEQUENCES, STEPS, INPUTS)
    hx = tuple(torch.from_numpy(np.stack([states[i], states[n_states + i]])) for i in range(n_states))
    ours = from_keras(theirs)(torch.from_numpy(inputs), hx if n_states > 1 else hx[0])
    compared(theirs(inputs, initial_state=states), parts(ours), LIMITS["float64"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_mask_of_padding_is_our_lengths(keras, kind):
    theirs = built(keras, kind, "concat")
    inputs = drawn(SEQUENCES, STEPS, INPUTS)
    mask = np.arange(STEPS) < np.array(LENGTHS)[:, None]
    ours = from_keras(theirs)(torch.from_numpy(inputs), lengths=torch.tensor(LENGTHS))
    compared(theirs(inputs, mask=mask), parts(ours), LIMITS["float64"])


@pytest.mark.parametrize("kind", KINDS)
def test_backwards_keras_returns_the_last_step_first(keras, kind):
    theirs = built(keras, kind, go_backwards=True)
    inputs = drawn(SEQUENCES, STEPS, INPUTS)
    outputs, *states = parts(from_keras(theirs)(torch.from_numpy(inputs)))
    compared(theirs(inputs), [outputs.flip(1), *states], LIMITS["float64"])


@pytest.mark.parametrize("kind", KINDS)
def test_without_sequences_keras_returns_the_final_hidden_state(keras, kind):
    theirs = built(keras, kind, "concat", return_sequences=False, return_state=False)
    inputs = drawn(SEQUENCES, STEPS, INPUTS)
    _, state = from_keras(theirs)(torch.from_numpy(inputs))
    hidden = state[0] if isinstance(state, tuple) else state
    compared([theirs(inputs)], [torch.cat([*hidden], -1)], LIMITS["float64"])


@pytest.mark.parametrize(("merge", "width"), [(None, HIDDEN), ("concat", 2 * HIDDEN), ("sum", HIDDEN)])
@pytest.mark.parametrize("kind", ["lstm", "gru-reset-after"])
def test_several_layers_are_a_stack(keras, kind, merge, width):
    layers = [built(keras, kind, merge, n_inputs, return_state=False) for n_inputs in (INPUTS, width, width)]
    inputs = drawn(SEQUENCES, STEPS, INPUTS)
    values = inputs
    for layer in layers:
        values = layer(values)
    ours = from_keras(*layers)
    assert ours.num_layers == 3
    compared([values], [ours(torch.from_numpy(inputs))[0]], LIMITS["float64"])


@pytest.mark.parametrize(("kind", "merge", "use_bias"), CASES[::5])
def test_there_and_back_gives_the_same_bits(keras, kind, merge, use_bias):
    theirs = built(keras, kind, MERGES[merge], return_state=False, use_bias=use_bias)
    (described,) = to_keras(from_keras(theirs))
    back = described.build()
    assert type(back) is type(theirs)
    inputs = drawn(SEQUENCES, STEPS, INPUTS)
    assert torch.equal(back(inputs), theirs(inputs))


@pytest.mark.parametrize(("kind", "merge", "use_bias"), CASES[2::5])
def test_what_is_built_from_ours_computes_what_ours_computes(keras, kind, merge, use_bias):
    layer = from_keras(built(keras, kind, MERGES[merge], use_bias=use_bias))
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(generator=torch.Generator().manual_seed(2))
    (described,) = to_keras(layer)
    inputs = drawn(SEQUENCES, STEPS, INPUTS)
    compared([described.build()(inputs)], [layer(torch.from_numpy(inputs))[0]], LIMITS["float64"])


def test_a_frozen_layer_stays_frozen(keras):
    theirs = built(keras, "gru-reset-after", "concat")
    theirs.trainable = False
    ours = from_keras(theirs)
    assert not any(parameter.requires_grad for parameter in ours.parameters())
    (described,) = to_keras(ours)
    assert not described.build().trainable_weights
