"""RNN, LSTM and GRU equal torch.nn's, values to 1e-12 and gradients to 1e-10, over the grid of their options."""

from itertools import product

import pytest
import torch

from tidegate.kernels.library import library

KINDS = {
    "rnn-tanh": {"kind": "rnn"},
    "rnn-relu": {"kind": "rnn", "nonlinearity": "relu"},
    "lstm": {"kind": "lstm"},
    "lstm-projected": {"kind": "lstm", "projection": 2},
    "gru": {"kind": "gru"},
}
CALLS = [
    *[{"lengths": lengths} for lengths in ("none", "packed sorted", "packed unsorted", "keyword")],
    {"unbatched": True},
]
FLAGS = [
    {"bidirectional": bidirectional, "bias": bias, "batch_first": batch_first, "initial": initial}
    for bidirectional, bias, batch_first, initial in product((False, True), repeat=4)
]
BACKENDS = ("reference", "torch", "auto", *(["kernels"] if library() else []))
GROUPS = [group for group in product(KINDS, (1, 2, 3), BACKENDS) if group[::2] != ("lstm-projected", "kernels")]
EVERY = 11  # shares no factor with the 80 cases of a group, so that the sample meets each option
FLOAT32 = 5e-6


def cases(torch_layers, group, dtype=torch.float64):
    kind, layers, backend = group
    shared = {**KINDS[kind], "layers": layers, "backend": backend, "dtype": dtype}
    return [torch_layers.case(**shared, **call, **flags) for call, flags in product(CALLS, FLAGS)]


def offenders(torch_layers, cases, *limits):
    return {case: beyond for case in cases if (beyond := torch_layers.differences(case).beyond(*limits))}


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: "-".join(map(str, group)))
def test_a_sample_of_the_grid(torch_layers, group):
    sample = cases(torch_layers, group)[GROUPS.index(group) % EVERY :: EVERY]
    assert not offenders(torch_layers, sample)


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS, ids=lambda group: "-".join(map(str, group)))
def test_the_whole_grid(torch_layers, group):
    assert not offenders(torch_layers, cases(torch_layers, group))


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")  # torch's, of its own layer
@pytest.mark.parametrize("group", GROUPS[::2], ids=lambda group: "-".join(map(str, group)))
def test_single_precision(torch_layers, group):
    sample = cases(torch_layers, group, torch.float32)[GROUPS.index(group) % EVERY :: 2 * EVERY]
    assert not offenders(torch_layers, sample, FLOAT32, FLOAT32)


def test_the_sample_meets_every_option(torch_layers):
    met = [cases(torch_layers, group)[GROUPS.index(group) % EVERY :: EVERY] for group in GROUPS]
    for name in ("lengths", "bidirectional", "bias", "batch_first", "initial", "unbatched"):
        wanted = {getattr(case, name) for case in cases(torch_layers, GROUPS[0])}
        assert all({getattr(case, name) for case in sample} == wanted for sample in met), name
